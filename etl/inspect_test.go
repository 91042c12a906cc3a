package etl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kinds are three kinds of files; the third has no header.
func kinds() [][]Layout {
	return [][]Layout{
		{{Name: "person", Columns: []Column{{Header: "name", Required: true}, {Header: "age", Kind: Int}}, Encodings: []string{"iso-8859-1"}}},
		{{Name: "city", Delimiters: ";,", Columns: []Column{{Header: "name"}, {Header: "country"}, {Header: "people", Kind: Long}}}},
		{{Name: "pair", Delimiters: "\t", Headerless: true, Columns: []Column{{Header: "word"}, {Header: "n", Kind: Int}}}},
	}
}

func inspect(t *testing.T, content string, most int) *Inspection {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	found, err := Inspect(t.Context(), path, kinds(), InspectOptions{Most: most})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The first line decides which kind a file is of; what is wrong with it is told
// in terms of that kind.
func TestInspectFindsTheKind(t *testing.T) {
	for content, want := range map[string]string{
		"age,name\n3,ann\n":                  "0 person true utf-8 comma LF, 1 rows",
		"name,age\r\nzo\xeb,3\r\n":           "0 person true iso-8859-1 comma CR LF, 1 rows",
		"name;country;people\nx;y;4\nx;y;\n": "1 city true utf-8 semicolon LF, 2 rows",
		"tea\t3\rcup\t4\r":                   "2 pair true utf-8 tab CR, 2 rows",
		"name,country\nx,y\n":                `1 city false utf-8 comma LF, 0 rows; 1: column "people" of layout city is missing`,
		"name,aeg\nx,3\n":                    `0 person false utf-8 comma LF, 0 rows; 1:6: column "aeg" is not in layout person`,
		"x,y\n1,2\n":                         "0  false   , 0 rows; 1: no layout has any of these columns: x,y",
		"":                                   "0  false   , 0 rows; file is empty",
		"{\"a\": 1}\n":                       "0  false   , 0 rows; 1: file looks like JSON",
		"PK\x03\x04":                         "0  false   , 0 rows; 1: file is a zip archive",
		"name,age\n":                         "0 person true utf-8 comma LF, 0 rows; 1: no record after the header",
	} {
		f := inspect(t, content, 9)
		got := fmt.Sprintf("%d %s %t %s %s %s, %d rows", f.Kind, f.Layout, f.Known, f.Encoding, f.Delimiter(), f.LineEnd, f.Rows)
		for _, fault := range f.Faults {
			fault.File, fault.Cure = "", ""
			got += "; " + strings.TrimLeft(fault.Error(), ": ")
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %q, want %q", content, got, want)
		}
		if f.Bytes != int64(len(content)) || f.FileID() == "" {
			t.Errorf("%q: %d bytes, digest %s", content, f.Bytes, f.SHA256)
		}
	}
}

// All bad records are counted, the first ones listed, in order.
func TestInspectGoesPastFaults(t *testing.T) {
	f := inspect(t, "name,age\nann,3\n,4\nbob\nbob,x\ncid,5\nc\x00,5\n", 3)
	var places []int64
	for _, fault := range f.Faults {
		places = append(places, fault.Line)
	}
	if diff := cmp.Diff([]int64{3, 4, 5}, places); diff != "" {
		t.Error(diff)
	}
	if f.Found != 4 || f.Rejected != 4 || f.Rows != 2 {
		t.Errorf("found %d faults, %d bad and %d good records", f.Found, f.Rejected, f.Rows)
	}
}

func TestInspectUnreadable(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "absent")} {
		if f, err := Inspect(t.Context(), path, kinds(), InspectOptions{}); err == nil {
			t.Errorf("%s: %+v", path, f)
		}
	}
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("name,age\nx,1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Inspect(t.Context(), path, kinds(), InspectOptions{Encoding: "utf-9"}); err == nil ||
		!strings.Contains(err.Error(), `did you mean "utf-8"?`) {
		t.Errorf("encoding utf-9: %v", err)
	}
}

// Where two kinds have the same header, the records decide; where they don't,
// both are named.
func TestInspectTwins(t *testing.T) {
	kinds := [][]Layout{
		{{Name: "low", Columns: []Column{{Header: "word"}, {Header: "n", Kind: Int, Valid: Between(0, 4)}}}},
		{{Name: "high", Columns: []Column{{Header: "word"}, {Header: "n", Kind: Int, Valid: Between(3, 9)}}}},
	}
	for content, want := range map[string]string{
		"word,n\na,1\nb,4\n": "low []", "word,n\na,4\nb,9\n": "high []", "word,n\na,3\n": "low [1]",
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := Inspect(t.Context(), path, kinds, InspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(f.Layout, " ", f.Twins); got != want {
			t.Errorf("%q: %s, want %s", content, got, want)
		}
	}
}
