package ui

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"alignctl/lake"
)

// The console answers, says where a query is wrong, and how much it leaves out.
func TestConsole(t *testing.T) {
	s := serve(t, newLake(t), Options{Rows: 5})
	for query, want := range map[string]string{
		"select 'a' || 1 as x, null as y":       `<td dir="auto">a1</td><td class="null">NULL</td>`,
		"select * from range(1000000000000)":    "The first 5 rows",
		"select id from core.word where id < 5": "5 rows.",
		"  select '🧠', nope from core.word":     `data-fault="15"`,
		"select 1,\n  2 frm x":                  "LINE 2:",
		"select 1; select 2":                    "one statement",
		"from core.wrod":                        `did you mean &#34;core.word&#34;`,
		"from core.word@nosuch":                 "no such tag or run",
		"select count(*) from core.word@now":    `<td class="num">8</td>`,
		"describe core.word":                    "VARCHAR",
		"summarize core.word":                   "approx_unique",
		"explain from core.word":                "physical_plan",
		"show all tables":                       "core",
	} {
		if status, body := s.query(query); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, without %q: %s", query, status, want, body[strings.Index(body, "<main"):])
		}
	}
}

// Nothing outside the lake can be reached, and nothing in it changed.
func TestConsoleDoesNoHarm(t *testing.T) {
	l := newLake(t)
	s := serve(t, l, Options{})
	before := files(t, l)
	outside := filepath.Join(t.TempDir(), "outside.csv")
	if err := os.WriteFile(outside, []byte("secret\nopen sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(l.Dir(), "warehouse", "new.csv")
	for _, query := range []string{
		"copy (select 1) to '" + inside + "'",
		"copy core.word to '/tmp/x.parquet'",
		"copy (select 1) to '/dev/stdout'",
		"export database '" + filepath.Dir(inside) + "'",
		"attach '" + inside + "' as x",
		"attach ':memory:' as x",
		"from read_csv('" + outside + "')",
		"from read_text('/etc/passwd')",
		"from read_text('" + l.Dir() + "/lake.json')",
		"from read_blob('" + l.Dir() + "/warehouse/../lake.json')",
		"from '" + outside + "'",
		"from glob('/etc/*')",
		"from sniff_csv('" + outside + "')",
		"from parquet_metadata('" + outside + "')",
		"select getenv('HOME')",
		"from read_csv('https://127.0.0.1/x.csv')",
		"install httpfs",
		"load httpfs",
		"set enable_external_access = true",
		"set threads = 1",
		"set allowed_directories = ['/']",
		"reset lock_configuration",
		"pragma enable_external_access",
		"call enable_logging('QueryLog', storage = 'file', storage_path = '/tmp/log')",
		"from query('copy (select 1) to ''/tmp/x''')",
		"create table core.x as select 1",
		"create temp table x as select 1",
		"create or replace view core.word as select 1",
		"create macro f() as 1",
		"create secret x (type s3)",
		"drop view core.word",
		"delete from core.word",
		"insert into core.word values (1, 'x')",
		"update core.word set word = ''",
		"prepare x as select 1",
		"explain analyze copy (select 1) to '" + inside + "'",
		"checkpoint",
		"vacuum",
		"use meta",
		"begin",
		"with x as (delete from core.word returning *) from x",
		"select 1; copy (select 1) to '" + inside + "'",
	} {
		for _, path := range []string{"/sql", "/sql/result.csv", "/sql/result.parquet"} {
			status, body := s.get(path + "?q=" + url.QueryEscape(query))
			refused := status == http.StatusBadRequest || status == http.StatusInternalServerError ||
				path == "/sql" && strings.Contains(body, `role="alert"`)
			if !refused || strings.Contains(body, "sesame") || strings.Contains(body, "root:") {
				t.Errorf("%s %s: %d %s", path, query, status, body)
			}
		}
	}
	if after := files(t, l); after != before {
		t.Errorf("files of the lake: %s, before %s", after, before)
	}
	if status, body := s.query("select count(*) from core.word"); status != http.StatusOK || !strings.Contains(body, `<td class="num">8</td>`) {
		t.Errorf("afterwards: %d %s", status, body)
	}
}

// files are the names of the lake's files, but for its leases.
func files(t *testing.T, l *lake.Lake) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(l.Dir(), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.Contains(path, "/leases/") && !strings.Contains(path, "catalog.db-") {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}

// A query that takes for ever is stopped, and what it held is given back.
func TestConsoleStops(t *testing.T) {
	s := serve(t, newLake(t), Options{Timeout: 300 * time.Millisecond})
	const forEver = "select count(*) from range(1000000000) a, range(1000000000) b where a.range % 7 = b.range % 11"
	for range 2 * atOnce {
		started := time.Now()
		status, body := s.query(forEver)
		if status != http.StatusOK || !strings.Contains(body, "stopped after 300ms") || time.Since(started) > 10*time.Second {
			t.Fatalf("%d after %v: %s", status, time.Since(started), body)
		}
	}
	if status, _ := s.get("/sql/result.csv?q=" + url.QueryEscape(forEver)); status != http.StatusGatewayTimeout {
		t.Errorf("a download: %d", status)
	}
}

// Memory is bounded: a query that needs more fails, and the ui goes on.
func TestConsoleMemory(t *testing.T) {
	s := serve(t, newLake(t), Options{})
	if status, body := s.query("select list(i || repeat('x', 1000)) from range(100000000) t(i)"); status != http.StatusOK ||
		!strings.Contains(body, "Out of Memory") {
		t.Errorf("%d: %s", status, body)
	}
	if status, body := s.query("select 40 + 2"); status != http.StatusOK || !strings.Contains(body, ">42<") {
		t.Errorf("afterwards: %d %s", status, body)
	}
}

// A browser that leaves stops its query.
func TestConsoleLeft(t *testing.T) {
	s := serve(t, newLake(t), Options{Timeout: time.Minute})
	impatient := &http.Client{Jar: s.browser.Jar, Timeout: 200 * time.Millisecond}
	for range 2 * atOnce { // more than run at once
		_, err := impatient.Get(s.base + "/sql?q=" + url.QueryEscape("select count(*) from range(1000000000) a, range(1000000000) b where a.range % 7 = b.range % 11"))
		if err == nil {
			t.Fatal("it answered")
		}
	}
	started := time.Now()
	if status, _ := s.query("select 1"); status != http.StatusOK || time.Since(started) > 10*time.Second {
		t.Errorf("%d after %v", status, time.Since(started))
	}
}

// Downloads have all rows, whatever a page shows; one that fails on its way
// breaks off.
func TestDownload(t *testing.T) {
	s := serve(t, newLake(t), Options{Rows: 5})
	answer, err := s.browser.Get(s.base + "/sql/result.csv?q=" + url.QueryEscape("select i, 'w' || i as word from range(200000) t(i) order by i desc;"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	records, err := csv.NewReader(answer.Body).ReadAll()
	if err != nil || len(records) != 200001 || records[1][1] != "w199999" {
		t.Errorf("%d records, %v", len(records), err)
	}
	if got := answer.Header.Get("Content-Disposition"); got != "attachment; filename=result.csv" {
		t.Errorf("it is sent as %q", got)
	}
	if status, body := s.get("/sql/result.parquet?q=from+core.word"); status != http.StatusOK || !strings.HasPrefix(body, "PAR1") {
		t.Errorf("parquet: %d", status)
	}
	if status, body := s.get("/sql/result.csv?q=select+nope"); status != http.StatusBadRequest || !strings.Contains(body, "nope") {
		t.Errorf("a wrong query: %d %s", status, body)
	}
	answer, err = s.browser.Get(s.base + "/sql/result.csv?q=" + url.QueryEscape("select if(i = 2000000, error('half-way'), i) from range(3000000) t(i)"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if n, err := csv.NewReader(answer.Body).ReadAll(); err == nil {
		t.Errorf("a part of %d records looks whole", len(n))
	}
}
