package etl

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var measured = measuredIn("iso-8859-1")

// measuredIn is a contract with most of the options that a layout has.
func measuredIn(encoding string) []Layout {
	return []Layout{{
		Name: "measured", Delimiters: ";,\t", Trailing: true, Missing: []string{""}, Encodings: []string{encoding},
		Columns: []Column{
			{Header: "word", Aliases: []string{"Word"}, Name: "word", Required: true},
			{Header: "mean", Name: "mean", Kind: Float, Valid: Between(1, 9)},
			{Header: "code", Name: "code", Kind: Code, Optional: true},
		},
		Other: func(header string) (Column, bool) { return Column{}, strings.HasPrefix(header, "note") },
	}, {Name: "bare", Headerless: true, Unquoted: true, Delimiters: "\t", Columns: []Column{
		{Name: "word", Required: true}, {Name: "mean", Kind: Float}}}}
}

func writeRaw(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDialects(t *testing.T) {
	tea := "'record': {'word': tea, 'mean': 1.5}}"
	for name, test := range map[string]struct {
		text  string
		want  []string
		notes []string
	}{
		"comma":                          {"word,mean\ntea,1.5\n", []string{"{'line': 2, " + tea}, nil},
		"semicolon":                      {"word;mean\ntea;1.5\n", []string{"{'line': 2, " + tea}, []string{"delimiter semicolon"}},
		"tab, CR LF":                     {"word\tmean\r\ntea\t1.5\r\n", []string{"{'line': 2, " + tea}, []string{"delimiter tab"}},
		"CR":                             {"word,mean\rtea,1.5\r", []string{"{'line': 2, " + tea}, []string{"lines end in CR"}},
		"byte order mark and CR":         {"\xef\xbb\xbfword,mean\rtea,1.5", []string{"{'line': 2, " + tea}, []string{"lines end in CR"}},
		"another spelling, more columns": {"note 1,Word,mean\n\"x, y\",tea,1.5\n", []string{"{'line': 2, " + tea}, nil},
		"missing number": {"word,mean\n\"tea\",\ncup,\"\"\n",
			[]string{"{'line': 2, 'record': {'word': tea, 'mean': NULL}}", "{'line': 3, 'record': {'word': cup, 'mean': NULL}}"}, nil},
		"whole numbers as floats": {"word,mean,code\na,1.0,1.56070001E8\nb,2,-4.0\nc,2e0,7\n", []string{
			"{'line': 2, 'record': {'word': a, 'mean': 1.0, 'code': 156070001}}",
			"{'line': 3, 'record': {'word': b, 'mean': 2.0, 'code': -4}}",
			"{'line': 4, 'record': {'word': c, 'mean': 2.0, 'code': 7}}"}, nil},
		"a delimiter at the end": {"word;mean\ntea;1.5;\ncup;;\n",
			[]string{"{'line': 2, " + tea, "{'line': 3, 'record': {'word': cup, 'mean': NULL}}"},
			[]string{"delimiter semicolon", "records end in one more delimiter than the header"}},
		"latin-1": {"word,mean\nna\xefve,9\nfa\xe7ade,1\n",
			[]string{"{'line': 2, 'record': {'word': naïve, 'mean': 9.0}}", "{'line': 3, 'record': {'word': façade, 'mean': 1.0}}"},
			[]string{"encoding iso-8859-1"}},
		"gb18030": {"word,mean\n\xb2\xe8,7\n", []string{"{'line': 2, 'record': {'word': 茶, 'mean': 7.0}}"}, []string{"encoding gb18030"}},
		"no header": {"true\t.5\n\"nan\t1\n", []string{
			"{'line': 1, 'record': {'word': true, 'mean': 0.5}}", "{'line': 2, 'record': {'word': '\"nan', 'mean': 1.0}}"},
			[]string{"delimiter tab, no header line"}},
	} {
		t.Run(name, func(t *testing.T) {
			layouts := measured
			if name == "gb18030" {
				layouts = measuredIn(name)
			}
			f, err := Check(context.Background(), writeRaw(t, test.text), layouts, CheckOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.notes, f.Notes()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.want, stageChecked(t, newDB(t), f)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDialectFaults(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"not a number": {"word,mean\na,nan\n", `f.csv:2:3: "nan" in column "mean" is not a decimal number; correct it`},
		"hexadecimal":  {"word,mean\na,0x1p2\n", `f.csv:2:3: "0x1p2" in column "mean" is not a decimal number; correct it`},
		"too large":    {"word,mean\na,1e999\n", `f.csv:2:3: "1e999" in column "mean" is not a decimal number; correct it`},
		"off the scale": {"word,mean\na,9.5\n",
			`f.csv:2:3: 9.5 in column "mean" is outside 1 to 9; correct it; is it the right column, and the right kind of file?`},
		"fraction of a code":      {"word,mean,code\na,1,2.5\n", `f.csv:2:5: "2.5" in column "code" is not a whole number; correct it`},
		"two delimiters too many": {"word;mean\na;1;;\n", "f.csv:2: 4 cells where the header has 2; look for a missing or an extra semicolon, or quote the cell that holds one"},
		"text behind the last":    {"word;mean\na;1;x\n", "f.csv:2: 3 cells where the header has 2; look for a missing or an extra semicolon, or quote the cell that holds one"},
		"neither":                 {"word,mean\n\x81\xff,1\n", "f.csv:2:1: byte 0x81 is not UTF-8; say what it is by --encoding, or convert the file, for example: iconv -f LATIN1 -t UTF-8"},
		"unknown, no header":      {"x\ty\n", `f.csv:1:1: column "x" is not in layout measured; the file needs a header line with "word", "mean"`},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeRaw(t, test.text)
			_, err := Check(context.Background(), path, measured, CheckOptions{})
			var parse *ParseError
			if !errors.As(err, &parse) {
				t.Fatalf("got %v, want a *ParseError", err)
			}
			if diff := cmp.Diff(test.want, strings.TrimPrefix(err.Error(), filepath.Dir(path)+"/")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNamedEncoding(t *testing.T) {
	path := writeRaw(t, "word,mean\n\xb2\xe8,7\n")
	f, err := Check(context.Background(), path, measured, CheckOptions{Encoding: "Latin1"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"{'line': 2, 'record': {'word': ²è, 'mean': 7.0}}"}, stageChecked(t, newDB(t), f)); diff != "" {
		t.Error(diff)
	}
	_, err = Check(context.Background(), path, measured, CheckOptions{Encoding: "gb1803"})
	if err == nil || !strings.Contains(err.Error(), `encoding "gb1803": not known; did you mean "gb18030"?`) {
		t.Error(err)
	}
}

// TestWrongNamedEncoding sees that no word of a file is read in an encoding that
// it isn't in, whatever the user says.
func TestWrongNamedEncoding(t *testing.T) {
	for _, test := range []struct{ text, encoding, want string }{
		{"word,mean\n茶,7\n", "gb18030", "f.csv: file is UTF-8, not gb18030; leave --encoding out"},
		{"word,mean\n茶,7\n", "latin1", "f.csv: file is UTF-8, not iso-8859-1; leave --encoding out"},
		{"word,mean\na,7\n\xb2\xff,7\n", "gb18030", "f.csv:3:1: bytes that are not gb18030; say by --encoding what the file is in"},
		{"word,mean\nit\x92s,7\n", "latin1", "f.csv:2:3: bytes that are not iso-8859-1; say by --encoding what the file is in"},
		{"w\xb2,mean\nb\xff,7\n", "gb18030", "f.csv:1:2: "},
	} {
		path := writeRaw(t, test.text)
		_, err := Check(context.Background(), path, measured, CheckOptions{Encoding: test.encoding})
		if err == nil || !strings.HasPrefix(strings.TrimPrefix(err.Error(), filepath.Dir(path)+"/"), test.want) {
			t.Errorf("%q as %s: %v, want %s", test.text, test.encoding, err, test.want)
		}
	}
	plain := writeRaw(t, "word,mean\ntea,7\n")
	if _, err := Check(context.Background(), plain, measured, CheckOptions{Encoding: "gb18030"}); err != nil {
		t.Errorf("plain ASCII as gb18030: %v", err)
	}
}

// TestRejects sets bad lines aside: every line of the file is loaded or
// rejected, and the good ones keep their numbers.
func TestRejects(t *testing.T) {
	text := "word,n\na,1\nb\n" + strings.Repeat("x", MaxLine+1) + "\n\"c,2\nd\x00,4\ne\xff,5\n\nNA,8\nf,9\n"
	rejected := filepath.Join(t.TempDir(), "rejected.csv")
	r, err := CreateRejects(rejected)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Check(context.Background(), writeRaw(t, text), testLayouts, CheckOptions{Rejects: r})
	if err != nil {
		t.Fatal(err)
	}
	if f.Rows != 2 || f.Rejected != 7 || r.Count() != 7 {
		t.Errorf("%d rows, %d rejected, %d in the file; want 2 and 7", f.Rows, f.Rejected, r.Count())
	}
	want := []string{"{'line': 2, 'record': {'word': a, 'n': 1}}", "{'line': 10, 'record': {'word': f, 'n': 9}}"}
	if diff := cmp.Diff(want, stageChecked(t, newDB(t), f)); diff != "" {
		t.Error(diff)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(rejected)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"3,0,1 cells where the header has 2", "4,0,line longer than 1048576 bytes", "5,1,quote opened here is not closed",
		`7,2,byte 0xFF is not UTF-8,"say what it is by --encoding, or convert the file, for example: iconv -f LATIN1 -t UTF-8","e\xff,5"`, "8,0,empty line"} {
		if !strings.Contains(string(written), line) {
			t.Errorf("rejected records lack %q:\n%.2000s", line, written)
		}
	}
}

func TestVerifySeesRecordsInOrder(t *testing.T) {
	layout := testLayouts[0]
	layout.Verify = func() func(Record) error {
		seen := map[string]bool{}
		return func(r Record) error {
			word, _ := r.Value("word")
			if seen[word] {
				return r.Refuse("word", "word stands twice", "remove one")
			}
			seen[word] = true
			return nil
		}
	}
	_, err := Check(context.Background(), writeRaw(t, "n,word\n1,a\n2,b\n3,a\n"), []Layout{layout}, CheckOptions{})
	if err == nil || !strings.HasSuffix(err.Error(), "f.csv:4:3: word stands twice; remove one") {
		t.Error(err)
	}
}
