package etl

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"path/filepath"
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
			refused(t, err)
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

// refused sees that an error tells a reason and a cure on one line.
func refused(t *testing.T, err error) {
	t.Helper()
	var parse *ParseError
	if !errors.As(err, &parse) || parse.Reason == "" || parse.Cure == "" || strings.Contains(err.Error(), "\n") {
		t.Fatalf("refused without a place, a reason and a cure on one line: %v", err)
	}
}

// FuzzDialects checks files in every dialect, with bad lines set aside: what is
// accepted has each of its lines loaded or rejected, and its plain copy has
// exactly the good ones, as another reader sees them.
func FuzzDialects(f *testing.F) {
	for _, text := range []string{"word,mean\ntea,1.5\n", "word;mean\r\ntea;1.5;\r\n\"a;\r\n", "\xef\xbb\xbfWord\tmean\rtea\t9",
		"word,mean,code\nna\xefve,1e0,1.0\n", "true\t.5\n\"nan\t1"} {
		f.Add([]byte(text), uint8(len(text)))
	}
	f.Fuzz(func(t *testing.T, data []byte, named uint8) {
		path := writeRaw(t, string(data))
		rejects, err := CreateRejects(filepath.Join(t.TempDir(), "rejected.csv"))
		if err != nil {
			t.Fatal(err)
		}
		defer rejects.Discard()
		o := CheckOptions{Rejects: rejects, Encoding: append(Encodings(), "")[int(named)%(len(Encodings())+1)]}
		got, err := Check(context.Background(), path, measured, o)
		if err != nil {
			refused(t, err)
			return
		}
		if got.Rejected != rejects.Count() || got.Bytes != int64(len(data)) {
			t.Fatalf("%d rejected, %d in the file of them; %d bytes of %d", got.Rejected, rejects.Count(), got.Bytes, len(data))
		}
		var plain bytes.Buffer
		if err := got.copyTo(context.Background(), &plain); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(&plain).ReadAll()
		if err != nil || int64(len(records)) != got.Rows {
			t.Fatalf("%d records in the plain copy of %d rows (%v)", len(records), got.Rows, err)
		}
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
