package ui

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"alignctl/eval"
	"alignctl/lake"
	"alignctl/train"
)

// The lake of the benchmarks: 100 tables, and 1,000 runs, of which a third are
// trainings of 200 steps and a third evaluations of 100 answers.
const (
	benchTables = 100
	benchRuns   = 1000
)

// BenchmarkPages asks for each page of a large lake.
func BenchmarkPages(b *testing.B) {
	l := largeLake(b)
	s := serve(b, l, Options{})
	runs := map[string]string{}
	for _, kind := range []string{"train", "eval"} {
		_, body := s.query("select max(run_id) as newest from " + kind + ".runs")
		runs[kind] = between(body, `<td dir="auto">`, "</td>")
	}
	for _, path := range []string{"/", "/tables/core.t001", "/tables/eval.samples", "/runs", "/runs/" + runs["train"],
		"/runs/" + runs["eval"], "/samples?run=" + runs["eval"], "/lineage?of=" + runs["eval"], "/sql", "/sql?q=from+core.t001", "/sql/words"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				if status, body := s.get(path); status != http.StatusOK {
					b.Fatalf("%s: %d %s", path, status, body)
				}
			}
		})
	}
	b.Run("/runs after a change", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			largeRun(b, l, 2)
			b.StartTimer()
			if status, _ := s.get("/runs"); status != http.StatusOK {
				b.Fatal(status)
			}
		}
	})
}

func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

func largeLake(b *testing.B) *lake.Lake {
	b.Helper()
	l, err := lake.Init(b.Context(), b.TempDir()+"/lake")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	for i := range benchRuns {
		largeRun(b, l, i)
	}
	return l
}

// largeRun publishes one run: of three, one writes a table, one a training, one
// an evaluation.
func largeRun(b *testing.B, l *lake.Lake, i int) {
	b.Helper()
	r, err := l.Begin(b.Context(), lake.RunInfo{Command: fmt.Sprintf("alignctl bench %d", i), Version: "test"})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	rows := map[string]int{"train.steps": 200, "eval.samples": 100, "eval.scores": 100, "eval.metrics": 10}
	specs := []lake.Spec{{Name: fmt.Sprintf("core.t%03d", i%benchTables), Doc: "A table.", Key: wordSpec.Key, Columns: wordSpec.Columns}}
	switch {
	case i >= benchTables && i%3 == 0:
		specs = train.Specs()
	case i >= benchTables && i%3 == 1:
		specs = eval.Specs()
	}
	for _, spec := range specs {
		if _, err := r.Write(b.Context(), spec, scopeOf(spec, r.ID()), made(spec, r.ID(), max(1, rows[spec.Name]), i)); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := r.Publish(b.Context(), lake.Done); err != nil {
		b.Fatal(err)
	}
}

func scopeOf(spec lake.Spec, run string) string {
	if spec.Scope == "" {
		return ""
	}
	return run
}

// made is a query of rows of a table, with something in every column.
func made(spec lake.Spec, run string, n, seed int) string {
	columns := make([]string, len(spec.Columns))
	for i, c := range spec.Columns {
		value := map[lake.Kind]string{lake.KindString: "'" + c.Name + " ' || i", lake.KindBool: "true", lake.KindInt: "i", lake.KindLong: fmt.Sprintf("i + %d", seed),
			lake.KindDouble: "1.0 / (i + 1)", lake.KindTimestamp: "timestamp '2026-01-01' + interval (i) second", lake.KindList: "[]", lake.KindStruct: "null"}[c.Type.Kind]
		switch c.Name {
		case "run_id":
			value = "'" + run + "'"
		case "metric":
			value = "if(i % 2 = 0, 'loss', 'eval_loss')"
			if strings.HasPrefix(spec.Name, "eval.") {
				value = "'p_at_5'"
			}
		case "slice":
			value = "if(i = 0, '', 'slice ' || i)"
		case "against":
			value = "''"
		case "scoring_id":
			value = "'scoring'"
		case "status":
			value = "'done'"
		case "suite":
			value = "'associations'"
		}
		columns[i] = "(" + value + ")::" + c.Type.SQL() + " as " + c.Name
	}
	return "select " + strings.Join(columns, ", ") + fmt.Sprintf(" from range(%d) t(i)", n)
}

// BenchmarkFirstByte is how long results of five million rows let one wait.
func BenchmarkFirstByte(b *testing.B) {
	l, err := lake.Init(b.Context(), b.TempDir()+"/lake")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	r, err := l.Begin(b.Context(), lake.RunInfo{Command: "alignctl bench", Version: "test"})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Write(b.Context(), wordSpec, "", "select i as id, 'word ' || hash(i) as word from range(5000000) t(i)"); err != nil {
		b.Fatal(err)
	}
	if _, err := r.Publish(b.Context(), lake.Done); err != nil {
		b.Fatal(err)
	}
	s := serve(b, l, Options{Rows: 1000, Timeout: time.Minute})
	for _, query := range []string{"from core.word", "select * from core.word order by word", "select word[6], count(*) from core.word group by all"} {
		for _, path := range []string{"/sql", "/sql/result.csv", "/sql/result.parquet"} {
			b.Run(path+" "+query, func(b *testing.B) {
				for b.Loop() {
					b.ReportMetric(float64(s.firstByte(path+"?q="+url.QueryEscape(query)).Milliseconds()), "ms-to-first-byte")
				}
			})
		}
	}
}

// firstByte is how long the first byte of an answer takes; the rest is read too.
func (s *site) firstByte(path string) time.Duration {
	s.t.Helper()
	started := time.Now()
	answer, err := s.browser.Get(s.base + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	body := bufio.NewReader(answer.Body)
	if _, err := body.ReadByte(); err != nil {
		s.t.Fatal(err)
	}
	took := time.Since(started)
	if _, err := io.Copy(io.Discard, body); err != nil {
		s.t.Fatal(err)
	}
	return took
}
