package interop

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"alignctl/lake"
)

// word is a table with a scope, its partition column.
var word = lake.Spec{Name: "core.word", Doc: "a word of a language", Key: []string{"language", "word"},
	Scope: "language", Licence: lake.OpenData, Columns: []lake.Column{
		{Name: "language", Type: lake.String, Required: true},
		{Name: "word", Type: lake.String, Required: true},
		{Name: "n", Type: lake.Long, Unit: "count"},
		{Name: "share", Type: lake.Double, Unit: "1"},
	}}

// Rows of core.word in two languages, with every kind of double.
const (
	english = `select * from (values ('en', 'sun', 7, 0.1::double), ('en', 'sea', 0, 'nan'), ('en', '', null, '-0.0'),
		('en', 'it''s "so"', 9007199254740993, 'infinity')) t(language, word, n, share)`
	chinese = `select * from (values ('zh', '太阳', 3, 1/3), ('zh', '月亮', null, null), ('zh', '𠮷野家', 1, 1e-310))
		t(language, word, n, share)`
)

// example is a table without a scope, with every type, nested ones too.
var example = lake.Spec{Name: "data.example", Doc: "a training example", Key: []string{"id"},
	Licence: lake.NoRedistribution, Columns: []lake.Column{
		{Name: "id", Type: lake.Long, Required: true},
		{Name: "at", Type: lake.Timestamp},
		{Name: "ok", Type: lake.Bool},
		{Name: "size", Type: lake.Int},
		{Name: "messages", Type: lake.List(lake.Struct(lake.Field{Name: "role", Type: lake.String},
			lake.Field{Name: "content", Type: lake.String}))},
		{Name: "scores", Type: lake.List(lake.Double)},
	}}

// examples is a SELECT of n rows of data.example.
func examples(n int) string {
	return fmt.Sprintf(`select i as id, case when i != 1 then timestamp '1969-12-31 23:59:59.999999' + to_hours(i) end as at,
		case i when 2 then null else i %% 2 = 0 end as ok, i::int as size,
		case i when 3 then null when 4 then [] else [{'role': 'user', 'content': '词' || i}, {'role': null, 'content': ''}] end as messages,
		case when i > 1 then [i / 3, null, 'nan'::double] end as scores from range(%d) t(i)`, n)
}

// step is a row of a table that grows in batches.
type step struct {
	RunID string     `parquet:"run_id,id(1)"`
	Step  int64      `parquet:"step,id(2)"`
	Loss  *float64   `parquet:"loss,optional,id(3)"`
	At    time.Time  `parquet:"at,id(4),timestamp(microsecond)"`
	Ended *time.Time `parquet:"ended,optional,id(5),timestamp(microsecond)"`
	Parts []part     `parquet:"parts,id(6),list"`
}

type part struct {
	Name   string    `parquet:"name"`
	Values []float64 `parquet:"values,list"`
}

var steps = lake.SpecOf[step](lake.Spec{Name: "train.step", Doc: "a step", Key: []string{"run_id", "step"},
	Scope: "run_id", Licence: lake.OpenData})

// batch is the steps [from, to) of run r1.
func batch(from, to int64) (rows []step) {
	for i := from; i < to; i++ {
		loss, at := 1/float64(i), time.Date(2026, 11, 25, 7, 0, int(i), 123456000, time.UTC) // 1/0: infinity
		row := step{RunID: "r1", Step: i, At: at, Parts: []part{{"权重", []float64{loss, math.NaN()}}, {}}}
		if i%2 == 0 {
			row.Loss, row.Ended = &loss, &at
		}
		rows = append(rows, row)
	}
	return rows
}

// newLake makes an empty lake, which is verified when the test ends.
func newLake(t *testing.T) *lake.Lake { return newLakeIn(t, filepath.Join(t.TempDir(), "lake")) }

func newLakeIn(t *testing.T, dir string) *lake.Lake {
	t.Helper()
	l, err := lake.Init(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := l.Verify(context.Background(), lake.VerifyOptions{Deep: true}); err != nil {
			t.Errorf("verify after the test: %v", err)
		}
		l.Close()
	})
	return l
}

// A write is what a run does to one scope.
type write struct {
	spec         lake.Spec
	scope, query string
	steps        []step // rows to add to train.step, instead of a query
}

// publish makes one run of the writes.
func publish(t *testing.T, l *lake.Lake, writes ...write) lake.Published {
	t.Helper()
	r, err := l.Begin(t.Context(), lake.RunInfo{Command: t.Name(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, w := range writes {
		if w.steps != nil {
			_, err = lake.WriteRows(t.Context(), r, steps, "r1", w.steps)
		} else {
			_, err = r.Write(t.Context(), w.spec, w.scope, w.query)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	p, err := r.Publish(t.Context(), lake.Done)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// history makes a lake of four publishes on three tables.
func history(t *testing.T) *lake.Lake {
	t.Helper()
	l := newLake(t)
	historyOf(t, l)
	return l
}

// historyOf makes these publishes in an empty lake.
func historyOf(t *testing.T, l *lake.Lake) {
	t.Helper()
	publish(t, l, write{spec: word, scope: "en", query: english}, write{spec: example, query: examples(3)})
	publish(t, l, write{spec: word, scope: "zh", query: chinese}, write{steps: batch(0, 5)})
	publish(t, l, write{spec: example, query: examples(7)}, write{steps: batch(5, 8)})
	publish(t, l, write{spec: word, scope: "en", query: english + " where n > 0"})
}

// tag names the lake's current version.
func tag(t *testing.T, l *lake.Lake, name string) lake.Pins {
	t.Helper()
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Tag(t.Context(), name, pins, false, lake.RunInfo{Command: "tag", Version: "test"}); err != nil {
		t.Fatal(err)
	}
	if pins, err = l.At(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	return pins
}

// tables lists the lake's tables, by name.
func tables(t *testing.T, l *lake.Lake) []string {
	t.Helper()
	infos, err := l.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(infos))
	for i, info := range infos {
		names[i] = info.Table
	}
	return names
}

// rowsAt is what alignctl reads of a table at a version, in the form of
// engine.rows.
func rowsAt(t *testing.T, l *lake.Lake, table, ref string) []string {
	t.Helper()
	pin, err := l.Pin(t.Context(), table, ref)
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Session(t.Context(), lake.Pins{table: pin}, lake.SessionOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	dot := strings.LastIndex(table, ".")
	return query(t, s, fmt.Sprintf(`select * from "%s"."%s"`, table[:dot], table[dot+1:]))
}

func query(t *testing.T, s *lake.Session, text string) []string {
	t.Helper()
	rows, err := s.Query(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		row := map[string]any{}
		for i, name := range columns {
			row[name] = plain(values[i])
		}
		line, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

// plain is the Go side of engine.py's plain: JSON that tells all values apart.
func plain(value any) any {
	switch v := value.(type) {
	case float64:
		if math.IsNaN(v) {
			return "7ff8000000000000"
		}
		return fmt.Sprintf("%016x", math.Float64bits(v))
	case float32:
		return plain(float64(v))
	case time.Time:
		if v.Year() == 1 { // a time of day
			return v.Sub(time.Time{}).Microseconds()
		}
		return v.UnixMicro()
	case []byte:
		return hex.EncodeToString(v)
	case interface{ Float64() float64 }: // a decimal
		return plain(v.Float64())
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = plain(element)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, member := range v {
			out[name] = plain(member)
		}
		return out
	}
	return value
}

// snapshot is a pin's snapshot as a version of its table.
func snapshot(p lake.Pin) string { return strconv.FormatInt(p.Snapshot, 10) }
