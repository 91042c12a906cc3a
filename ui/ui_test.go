package ui

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"alignctl/lake"
	"alignctl/lake/laketest"
)

// wordSpec is a table of words that no page may take for anything else.
var wordSpec = lake.Spec{Name: "core.word", Doc: "One word. It has <b>markup</b> in its doc.", Key: []string{"id"},
	Columns: []lake.Column{
		{Name: "id", Type: lake.Long, Required: true, Unit: "count", Doc: "number <i>of</i> the word"},
		{Name: "word", Type: lake.String, Doc: "the word"},
	}, Licence: lake.OpenData}

// trouble are words that break pages which don't expect them.
var trouble = []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "שלום עולם", "مرحبا", "🧠👩‍👩‍👧", "a\u202eb", "{{.}}", "冰桥"}

// newLake makes a lake with words.
func newLake(t *testing.T) *lake.Lake {
	t.Helper()
	return laketest.New(t, worded(trouble...))
}

// write publishes the words, in place of those before.
func write(t *testing.T, l *lake.Lake, list ...string) {
	t.Helper()
	laketest.Add(t, l, worded(list...))
}

func worded(list ...string) laketest.Table {
	rows := make([]string, len(list))
	for i, w := range list {
		rows[i] = fmt.Sprintf("(%d, '%s')", i, strings.ReplaceAll(w, "'", "''"))
	}
	return laketest.Table{Spec: wordSpec, Query: "select * from (values " + strings.Join(rows, ", ") + ") t(id, word)"}
}

// mortalLake is newLake of one that may be gone when the test ends.
func mortalLake(t *testing.T) *lake.Lake {
	t.Helper()
	l, err := lake.Init(t.Context(), filepath.Join(t.TempDir(), "lake"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	write(t, l, trouble...)
	return l
}

// A site is a server at work and a browser that was let in.
type site struct {
	t       testing.TB
	server  *Server
	base    string
	browser *http.Client
}

func serve(t testing.TB, l *lake.Lake, o Options) *site {
	t.Helper()
	o.Folder, o.Version, o.Memory = l.Dir(), "test", "500MB"
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	if o.Rows == 0 {
		o.Rows = 100
	}
	server, err := Listen(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	jar, _ := cookiejar.New(nil) // it can't fail
	s := &site{t: t, server: server, base: "http://" + server.listener.Addr().String(), browser: &http.Client{Jar: jar}}
	if status, _ := s.get(strings.TrimPrefix(server.Address(), s.base)); status != http.StatusOK {
		t.Fatalf("the first address gave %d", status)
	}
	return s
}

// get asks for a page.
func (s *site) get(path string) (status int, body string) {
	s.t.Helper()
	answer, err := s.browser.Get(s.base + path)
	if err != nil {
		s.t.Fatal(err)
	}
	return read(s.t, answer)
}

func read(t testing.TB, answer *http.Response) (status int, body string) {
	t.Helper()
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(content)
}

// query asks the console.
func (s *site) query(sql string) (status int, body string) {
	return s.get("/sql?q=" + url.QueryEscape(sql))
}

// Every page is there and says what it is about; words stay words.
func TestPages(t *testing.T) {
	l := newLake(t)
	write(t, l, append(trouble, "one more")...)
	s := serve(t, l, Options{})
	entries, err := l.Log(t.Context(), lake.LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	run := entries[0].Run
	versions, err := l.Snapshots(t.Context(), "core.word")
	if err != nil {
		t.Fatal(err)
	}
	diff := fmt.Sprintf("/tables/core.word/diff?before=%d&after=%d", versions[1].Snapshot, versions[0].Snapshot)
	for path, want := range map[string]string{
		"/":                                 "core.word",
		"/tables/core.word":                 "&lt;script&gt;alert(1)&lt;/script&gt;",
		"/tables/meta.runs":                 "the command line",
		diff:                                "one more",
		"/runs":                             run,
		"/runs/" + run:                      "core.word",
		"/samples":                          "No model has been asked yet",
		"/lineage":                          "core.word",
		"/lineage?of=core.word":             "run ",
		"/sql":                              "<textarea",
		"/sql?q=from+core.word":             "🧠👩‍👩‍👧",
		"/sql?q=select+'%3C%2Ftextarea%3E'": "&lt;/textarea&gt;",
		"/sql/words":                        `{"name":"core.word","columns":["id","word"]}`,
		"/static/ui.js":                     "use strict",
		"/static/ui.css":                    "--ink",
	} {
		status, body := s.get(path)
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, without %q", path, status, want)
		}
		for _, bad := range []string{"<script>alert", "<img src=x", "<b>markup", "style=\""} {
			if strings.HasPrefix(path, "/static/") {
				continue
			}
			if strings.Contains(body, bad) {
				t.Errorf("%s has %s in it", path, bad)
			}
		}
	}
}

// What isn't there is said on a page.
func TestMissing(t *testing.T) {
	s := serve(t, newLake(t), Options{})
	for path, want := range map[string]string{
		"/nowhere":            "There is nothing at /nowhere",
		"/tables/core.nosuch": `no table &#34;core.nosuch&#34;`,
		"/tables/core.word/diff?before=1&after=2": "has no snapshot 1",
		"/runs/nosuch":        `There is no run &#34;nosuch&#34;`,
		"/lineage?of=nosuch":  "no table and no run",
		"/compare":            "No run was chosen",
		"/compare?run=nosuch": "nosuch",
		"/tables/" + url.PathEscape(`"'; select 1 --`): "There is no table",
	} {
		if status, body := s.get(path); status != http.StatusNotFound || !strings.Contains(body, want) {
			t.Errorf("%s: %d, without %q: %s", path, status, want, body)
		}
	}
}

// Each request sees the lake as it is then; a page that a browser has isn't
// sent again before the lake moves.
func TestNow(t *testing.T) {
	l := newLake(t)
	s := serve(t, l, Options{})
	request := func(tag string) (status int, newTag, body string) {
		r, _ := http.NewRequest("GET", s.base+"/sql?q=from+core.word", nil)
		r.Header.Set("If-None-Match", tag)
		answer, err := s.browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		status, body = read(t, answer)
		return status, answer.Header.Get("ETag"), body
	}
	_, tag, body := request("")
	if strings.Contains(body, "newcomer") {
		t.Error("the word came too early")
	}
	if status, _, _ := request(tag); status != http.StatusNotModified {
		t.Errorf("nothing has changed: %d", status)
	}
	write(t, l, "newcomer")
	if status, _, body := request(tag); status != http.StatusOK || !strings.Contains(body, "newcomer") {
		t.Errorf("the lake has moved: %d", status)
	}
}

// Addresses in pages lead where they say, whatever a query has in it.
func TestLinks(t *testing.T) {
	s := serve(t, newLake(t), Options{})
	const query = "select 'a&b=c+d' || '%26' || '\"<' as word, '冰桥' as zh"
	_, body := s.query(query)
	var csv string
	for _, part := range strings.Split(body, `href="`) {
		if strings.HasPrefix(part, "/sql/result.csv") {
			csv, _, _ = strings.Cut(part, `"`)
		}
	}
	status, body := s.get(html.UnescapeString(csv))
	if want := "word,zh\n\"a&b=c+d%26\"\"<\",冰桥\n"; status != http.StatusOK || body != want {
		t.Errorf("%s gave %d %s", csv, status, body)
	}
}
