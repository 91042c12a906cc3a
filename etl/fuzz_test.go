package etl

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
)

// FuzzCheck holds the check against encoding/csv: whatever it accepts, that
// reader reads as the same number of records with the same cells, and
// whatever it refuses it refuses with a place.
func FuzzCheck(f *testing.F) {
	f.Add([]byte("word,n\na,1\n"))
	f.Add([]byte("\xef\xbb\xbf\"word\",\"n\"\r\n\"a \"\"b\"\"\",NA\r\n"))
	f.Add([]byte("word,n\n\"a,1\n"))
	f.Add([]byte("word,n\n\xe9,\x00\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := check(context.Background(), &Checked{Path: "f.csv", Encoding: utf8Name}, bytes.NewReader(data), testLayouts, CheckOptions{})
		if err != nil {
			var parse *ParseError
			if !errors.As(err, &parse) || parse.Reason == "" || parse.Cure == "" || strings.Contains(err.Error(), "\n") {
				t.Fatalf("refused without a place, a reason and a cure on one line: %v", err)
			}
			return
		}
		r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, byteOrderMark)))
		records, err := r.ReadAll()
		if err != nil {
			t.Fatalf("accepted, but encoding/csv says %v", err)
		}
		if int64(len(records)-1) != got.Rows {
			t.Fatalf("%d records counted, encoding/csv reads %d", got.Rows, len(records)-1)
		}
		compareCells(t, bytes.TrimPrefix(data, byteOrderMark), records)
	})
}

// compareCells holds split against the records of another reader.
func compareCells(t *testing.T, data []byte, records [][]string) {
	t.Helper()
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		cells, f := syntax{delimiter: ','}.cells([]byte(strings.TrimSuffix(line, "\r")))
		if f != nil || len(cells) != len(records[i]) {
			t.Fatalf("line %d: %d cells (%v), encoding/csv has %q", i+1, len(cells), f, records[i])
		}
		for j, c := range cells {
			if c.text() != records[i][j] {
				t.Fatalf("line %d: cell %q, encoding/csv has %q", i+1, c.text(), records[i][j])
			}
		}
	}
}
