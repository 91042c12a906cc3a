package lake

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Every type of DuckDB comes through a spool as Arrow, in a session that can't
// write, and nothing is left in the lake.
func TestSpool(t *testing.T) {
	l := newLake(t)
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Session(t.Context(), pins, SessionOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const query = `select i, '1000000000000000000000'::hugeint huge, uuid() u, interval 1 day iv, '01:02:03+02'::timetz tz, time '01:02:03' tm,
		'0101'::bit bits, time_ns '01:02:03.123456789' tns, 5::bignum big, union_value(k := 1) un, 1::variant va,
		row(1, 2) ro, map{'x': 1::hugeint} ma, {'a': [uuid()]} st, '\xAA'::blob bl, 'a'::enum('a', 'b') en, null nu,
		1.5::decimal(38,10) de, date '2020-01-01' da, timestamptz '2020-01-01' ttz, timestamp_ns '2020-01-01' ns,
		timestamp_s '2020-01-01' ts, '{"a":1}'::json js, [1,2]::int[2] ar, 1::utinyint ut, true bo, 1.5::float fl
		from range(100000) t(i) order by i desc`
	spool, err := s.Spool(t.Context(), query, "snappy")
	if err != nil {
		t.Fatal(err)
	}
	defer spool.Close()
	if left, err := os.ReadDir(filepath.Join(l.Dir(), "tmp")); err != nil || len(left) > 0 {
		t.Errorf("in tmp: %v, %v", left, err)
	}
	batches, rows, err := spool.Batches(t.Context())
	if err != nil || rows != 100000 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	defer batches.Release()
	next := int64(99999)
	for batches.Next() {
		for _, got := range batches.RecordBatch().Column(0).(*array.Int64).Int64Values() {
			if got != next {
				t.Fatalf("row %d where %d is due", got, next)
			}
			next--
		}
	}
	if err := batches.Err(); err != nil || next != -1 {
		t.Errorf("stopped at %d: %v", next, err)
	}
	wantTypes(t, batches.Schema(), map[string]string{
		"huge": "decimal(38, 0)", "u": "utf8", "iv": "utf8", "tz": "utf8", "bits": "utf8", "tns": "utf8", "big": "utf8",
		"un": "utf8", "va": "utf8", "ro": "utf8", "js": "utf8", "en": "utf8", "da": "date32", "tm": "time64[us]",
	})
	head := make([]byte, 4)
	if _, err := io.ReadFull(spool.Parquet(), head); err != nil || string(head) != "PAR1" {
		t.Errorf("the file begins with %q, %v", head, err)
	}
	if _, err := s.Spool(t.Context(), "select nosuch", "snappy"); err == nil || !strings.Contains(err.Error(), "nosuch") {
		t.Errorf("a query with a fault: %v", err)
	}
}

func wantTypes(t *testing.T, schema *arrow.Schema, want map[string]string) {
	t.Helper()
	for name, typ := range want {
		fields, ok := schema.FieldsByName(name)
		if !ok || fields[0].Type.String() != typ {
			t.Errorf("column %s is %v, want %s", name, fields, typ)
		}
	}
}
