package ui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"alignctl/lake/duck"
	"alignctl/sql"
)

// A result is the first rows of a query.
type result struct {
	Columns []string
	Rows    [][]any
	More    bool // there are others
}

// first runs a query for its first n rows.
func (v *visit) first(s *sql.Session, query sql.Statement, n int) (result, error) {
	var r result
	rows, err := s.First(v.ctx, query, n+1)
	if err != nil {
		return r, err
	}
	defer rows.Close()
	if r.Columns, err = rows.Columns(); err != nil {
		return r, err
	}
	r.Rows, r.More, err = rows.Read(n)
	return r, err
}

// A consoleBody is the SQL console.
type consoleBody struct {
	Query    string
	Ran      bool
	Result   result
	Took     time.Duration
	Limit    int
	Error    string // why there is no result
	Place    int    // of the fault in the query, in characters as JavaScript counts them; -1: not known
	Examples []example
}

// An example is a query to begin with.
type example struct{ Title, SQL string }

// examples are queries that are of use in most lakes, by the tables that they
// read.
var examples = []struct {
	example
	reads string
}{
	{example{"Strongest associates of a cue", "select response, n123 as people, round(strength123, 3) as strength\nfrom core.strength\n" +
		"where language = 'en' and population = 'all' and cue = (select min(cue) from core.strength where language = 'en')\norder by rank, response\nlimit 10"}, "core.strength"},
	{example{"Cues that people agree on", "select language, cue, round(entropy123, 2) as bits, types123 as different\nfrom core.cue_stats\n" +
		"where population = 'all'\norder by entropy123, cue\nlimit 20"}, "core.cue_stats"},
	{example{"How good the models are", "select model, adapter, metric, round(value, 3) as value, round(ci_low, 3) as low, round(ci_high, 3) as high, n\n" +
		"from eval.leaderboard\nwhere metric = 'p_at_5'\norder by place"}, "eval.metrics"},
	{example{"Training runs and their losses", "select run_id, method, status, steps, round(best_eval_loss, 3) as dev_loss\nfrom train.runs\norder by started_at desc"}, "train.runs"},
	{example{"What happened to this lake", "select started_at, status, command\nfrom meta.runs\norder by started_at desc\nlimit 20"}, "meta.runs"},
}

func consolePage(v *visit) (page, error) {
	b := consoleBody{Query: v.URL.Query().Get("q"), Limit: v.server.options.Rows, Place: -1}
	for _, e := range examples {
		if _, there := v.pins[e.reads]; there {
			b.Examples = append(b.Examples, e.example)
		}
	}
	p := page{template: "console", Title: "SQL", Tab: "sql"}
	if b.Query != "" {
		if err := b.run(v); err != nil {
			return p, err
		}
	}
	p.Body = b
	return p, nil
}

// Milliseconds is how long the query took.
func (b consoleBody) Milliseconds() float64 { return float64(b.Took.Microseconds()) / 1000 }

// run fills in what the query gives. That the query is wrong is part of the
// page.
func (b *consoleBody) run(v *visit) error {
	started := time.Now()
	err := v.one(b.Query, func(s *sql.Session, statement sql.Statement) (err error) {
		b.Result, err = v.first(s, statement, b.Limit)
		return err
	})
	b.Took, b.Ran = time.Since(started), err == nil
	var fault *duck.QueryError
	switch {
	case v.Context().Err() != nil, err != nil && v.server.keeper.gone():
		return err
	case errors.Is(err, context.DeadlineExceeded):
		b.Error = fmt.Sprintf("The query was stopped after %s. Ask for less, or start alignctl ui with a longer --timeout.",
			v.server.options.Timeout)
	case errors.As(err, &fault):
		b.Error = fault.Error()
		b.Place = place(fault, b.Query)
	case err != nil:
		b.Error = err.Error()
	}
	return nil
}

// place is where a fault is in a text, in UTF-16 units.
func place(fault *duck.QueryError, text string) int {
	start := strings.Index(text, fault.Query)
	if start < 0 || fault.Offset < 0 || fault.Offset > len(fault.Query) {
		return -1
	}
	units := 0
	for _, r := range text[:start+fault.Offset] {
		units++
		if r > 0xffff {
			units++
		}
	}
	return units
}

// one runs what a text has, which is one statement, in a session.
func (v *visit) one(text string, run func(*sql.Session, sql.Statement) error) error {
	statement, err := sql.One(text)
	if err != nil {
		return queryError{err}
	}
	leave, err := v.sessions.place(v.ctx)
	if err != nil {
		return err
	}
	defer leave()
	return v.session(func(s *sql.Session) error {
		if err := run(s, statement); err != nil {
			return queryError{err}
		}
		return nil
	})
}

// words are what the console completes.
type words struct {
	Keywords []string    `json:"keywords"`
	Tables   []wordTable `json:"tables"`
}

type wordTable struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

func sendWords(v *visit) error {
	w := words{Keywords: sql.Keywords}
	err := v.session(func(s *sql.Session) error {
		rows, err := s.Query(v.ctx, sql.Statement{SQL: `select schema_name || '.' || table_name, column_name from duckdb_columns()
			where not internal and not contains(schema_name, '@') order by 1, column_index`})
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var table, column string
			if err := rows.Scan(&table, &column); err != nil {
				return err
			}
			if last := len(w.Tables) - 1; last < 0 || w.Tables[last].Name != table {
				w.Tables = append(w.Tables, wordTable{Name: table})
			}
			last := &w.Tables[len(w.Tables)-1]
			last.Columns = append(last.Columns, column)
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(v.w).Encode(w)
}

func sendCSV(v *visit) error {
	return v.download("text/csv; charset=utf-8", "result.csv", (*sql.Session).StreamCSV)
}

func sendParquet(v *visit) error {
	return v.download("application/vnd.apache.parquet", "result.parquet", (*sql.Session).StreamParquet)
}

// download sends the rows of a query as a file, as they come.
func (v *visit) download(kind, name string, stream func(*sql.Session, context.Context, sql.Statement, io.Writer) error) error {
	return v.one(v.URL.Query().Get("q"), func(s *sql.Session, statement sql.Statement) error {
		v.w.Header().Set("Content-Type", kind)
		v.w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		return stream(s, v.ctx, statement, flushing{v.w})
	})
}

// A flushing writer sends what it is given at once.
type flushing struct{ w http.ResponseWriter }

// Write sends.
func (f flushing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err == nil {
		err = http.NewResponseController(f.w).Flush()
	}
	return n, err
}
