package sql

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"alignctl/lake/duck"
)

// An Arrow stream holds the query's columns and all of its rows, in its order,
// also when there are none.
func TestSpoolAsArrow(t *testing.T) {
	w, first := twoVersions(t)
	s := w.open(SessionOptions{Memory: "300MB"})
	for query, want := range map[string]string{
		"select i, i as i from range(200000) t(i) order by i desc": "i int64, i_1 int64: 200000 rows from 199999",
		"select n123 from core.strength@" + first + " where false": "n123 int64: 0 rows",
		"describe core.strength":                                   "column_name utf8, column_type utf8, null utf8, key utf8, default utf8, extra utf8: 4 rows",
	} {
		result, err := s.Spool(t.Context(), Statement{SQL: query}, "arrow")
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		var stream bytes.Buffer
		if err := result.Send(t.Context(), &stream); err != nil {
			t.Errorf("%s: %v", query, err)
		}
		result.Close()
		if got := summary(t, &stream); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if _, err := s.Spool(t.Context(), Statement{SQL: "explain select 1"}, "parquet"); err == nil {
		t.Error("an explanation has no columns to write")
	}
}

// summary says what a stream holds.
func summary(t *testing.T, stream *bytes.Buffer) string {
	t.Helper()
	reader, err := ipc.NewReader(stream)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Release()
	var columns []string
	for _, f := range reader.Schema().Fields() {
		columns = append(columns, f.Name+" "+f.Type.String())
	}
	rows, from := int64(0), ""
	for reader.Next() {
		batch := reader.RecordBatch()
		if numbers, ok := batch.Column(0).(*array.Int64); ok && rows == 0 && numbers.Len() > 0 {
			from = fmt.Sprint(" from ", numbers.Value(0))
		}
		rows += batch.NumRows()
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s: %d rows%s", strings.Join(columns, ", "), rows, from)
}

// Rows stream as text that alignctl sql -o csv would write, or as Parquet; a
// table's version may be named, and a fault has its place in the text that the
// user wrote.
func TestStream(t *testing.T) {
	w, first := twoVersions(t)
	s := w.open(SessionOptions{})
	var csv, parquet strings.Builder
	query := Statement{SQL: "select cue, n123, [cue] as list, 1.50::decimal(4,2) as d from core.strength@" + first + " order by cue"}
	if err := s.StreamCSV(t.Context(), query, &csv); err != nil {
		t.Fatal(err)
	}
	if want := "cue,n123,list,d\ncue0,0,\"[\"\"cue0\"\"]\",1.50\ncue1,1,\"[\"\"cue1\"\"]\",1.50\n"; csv.String() != want {
		t.Errorf("streamed %s, want %s", csv.String(), want)
	}
	if err := s.StreamParquet(t.Context(), query, &parquet); err != nil || !strings.HasPrefix(parquet.String(), "PAR1") ||
		!strings.HasSuffix(parquet.String(), "PAR1") {
		t.Errorf("no Parquet file: %v", err)
	}
	err := s.StreamCSV(t.Context(), Statement{SQL: "select cue,\n nope from core.strength"}, &csv)
	var fault *duck.QueryError
	if !errors.As(err, &fault) || fault.Line() != 2 || fault.Offset != 13 {
		t.Errorf("a wrong column: %v", err)
	}
}

// First gives the first rows of any statement that reads.
func TestFirst(t *testing.T) {
	w, _ := twoVersions(t)
	s := w.open(SessionOptions{})
	for query, want := range map[string]int{
		"select i from range(1000000000000) t(i)": 3,
		"from core.strength order by n123 desc":   3,
		"select 1":                                1,
		"describe core.strength":                  3,
		"explain select 1":                        1,
	} {
		rows, err := s.First(t.Context(), Statement{SQL: query}, 3)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		all, _, err := rows.Read(-1)
		if rows.Close(); err != nil || len(all) != want {
			t.Errorf("%s: %d rows, %v", query, len(all), err)
		}
	}
}
