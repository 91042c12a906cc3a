package ui

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"alignctl/eval"
	"alignctl/lake"
)

// asked adds an evaluation of 40 answers to a lake; each says what the model is
// given to say, and its number.
func asked(t *testing.T, l *lake.Lake, output string) (run string) {
	t.Helper()
	r, err := l.Begin(t.Context(), lake.RunInfo{Command: "alignctl test", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, spec := range eval.Specs() {
		rows := map[string]int{"eval.samples": 40, "eval.scores": 40}
		if !slices.Contains([]string{"eval.runs", "eval.samples", "eval.scorings", "eval.scores", "eval.metrics"}, spec.Name) {
			continue
		}
		query := made(spec, r.ID(), max(1, rows[spec.Name]), 0)
		if spec.Name == "eval.samples" {
			query = "select * replace ('" + strings.ReplaceAll(output, "'", "''") + " ' || lpad(sample::varchar, 2, '0') as output, " +
				"lpad(sample::varchar, 2, '0') as item_id, '' as variant, if(sample % 2 = 0, 'en', 'zh') as language) from (" + query + ")"
		}
		if spec.Name == "eval.scores" {
			query = "select * replace (lpad((row_number() over (order by item_id) - 1)::varchar, 2, '0') as item_id, " +
				"if(item_id = 'item_id 7', 'refused', 'ok') as status) from (" + query + ")"
		}
		if _, err := r.Write(t.Context(), spec, scopeOf(spec, r.ID()), query); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Publish(t.Context(), lake.Done); err != nil {
		t.Fatal(err)
	}
	return r.ID()
}

// Answers are filtered, searched, paged, and stand beside those of another
// model; whatever a model says stays words.
func TestSamples(t *testing.T) {
	l := newLake(t)
	one, other := asked(t, l, `<script>alert(3)</script> שלום`), asked(t, l, `"><img src=x> 100%_`)
	s := serve(t, l, Options{})
	for name, c := range map[string]struct {
		query   url.Values
		answers int
		want    string
	}{
		"the other":    {url.Values{"run": {other}}, 40, "&#34;&gt;&lt;img src=x&gt; 100%_ 00"},
		"one":          {url.Values{"run": {one}}, 40, "&lt;script&gt;alert(3)&lt;/script&gt; שלום 00"},
		"two":          {url.Values{"run": {one}, "other": {other}}, 40, "100%_ 07"},
		"second page":  {url.Values{"run": {one}, "page": {"2"}}, 40, "שלום 39"},
		"language":     {url.Values{"run": {one}, "language": {"zh"}}, 20, "שלום 01"},
		"status":       {url.Values{"run": {one}, "status": {"refused"}}, 1, `<span class="tag warn">refused</span>`},
		"search":       {url.Values{"run": {one}, "search": {"שלום 1"}}, 10, "שלום 19"},
		"in the other": {url.Values{"run": {one}, "other": {other}, "search": {"100%_ 3"}}, 10, "שלום 35"},
		"like":         {url.Values{"run": {one}, "search": {"%"}}, 0, "No answer is like that"},
		"quotes":       {url.Values{"run": {one}, "search": {`' or 1=1 --`}}, 0, "No answer is like that"},
	} {
		status, body := s.get("/samples?" + c.query.Encode())
		if status != http.StatusOK || !strings.Contains(body, fmt.Sprintf("%d answers.", c.answers)) || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d, without %d answers or %q: %s", name, status, c.answers, c.want, body[strings.Index(body, "<main"):])
		}
		if strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src") {
			t.Errorf("%s: markup of a model's is in the page", name)
		}
	}
	if status, _ := s.get("/samples?run=nosuch"); status != http.StatusNotFound {
		t.Errorf("a run that isn't there: %d", status)
	}
	for _, path := range []string{"/runs", "/runs?search=nothing+such", "/runs/" + one, "/runs/" + one + "?part=answers", "/compare?run=" + one + "&run=" + other} {
		if status, body := s.get(path); status != http.StatusOK || strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}
