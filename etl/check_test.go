package etl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testLayouts is a short and a long contract that share columns.
var testLayouts = []Layout{
	{Name: "short", Missing: []string{"NA"}, Columns: []Column{
		{Header: "word", Name: "word", Required: true},
		{Header: "n", Name: "n", Kind: Int},
	}},
	{Name: "long", Missing: []string{"NA"}, Columns: []Column{
		{Header: ""},
		{Header: "id", Name: "id", Kind: Long, Required: true},
		{Header: "participantID", Name: "participant_id", Required: true},
		{Header: "age", Name: "age", Kind: Int},
		{Header: "created_at", Name: "created_at", Kind: Timestamp},
		{Header: "cue", Name: "cue", Required: true},
		{Header: "R1", Name: "r1"},
		{Header: "R2", Name: "r2"},
		{Header: "R3", Name: "r3"},
	}},
}

func checkText(text string) (*Checked, error) {
	return check(context.Background(), &Checked{Path: "f.csv", Encoding: utf8Name}, strings.NewReader(text), testLayouts, CheckOptions{})
}

func TestCheckCountsAndDigests(t *testing.T) {
	long := "\"\",id,participantID,age,created_at,cue,R1,R2,R3\n1,1,p,NA,2012-01-01,\"NA\",a,\"\"\"b\"\"\",\n"
	for name, test := range map[string]struct {
		text, layout string
		rows         int64
	}{
		"plain":              {"word,n\na,1\nb,2\n", "short", 2},
		"no final line end":  {"word,n\na,1\nb,2", "short", 2},
		"CR LF":              {"word,n\r\na,1\r\nb,2\r\n", "short", 2},
		"CR":                 {"word,n\ra,1\rb,2\r", "short", 2},
		"CR, no final":       {"word,n\ra,1\rb,2", "short", 2},
		"CR LF, no final":    {"word,n\r\na,1\r\nb,2", "short", 2},
		"byte order mark":    {"\xef\xbb\xbfword,n\na,1\n", "short", 1},
		"quoted header":      {"\"word\",\"n\"\n\"a\",1\n", "short", 1},
		"columns reordered":  {"n,word\n1,a\n", "short", 1},
		"missing numbers":    {"word,n\na,NA\nb,\nc,\"NA\"\n", "short", 3},
		"quoted NA is text":  {"word,n\n\"NA\",1\n", "short", 1},
		"comma in quotes":    {"word,n\n\"a,b\",1\n", "short", 1},
		"other scripts":      {"word,n\n苹果,1\nслово,2\nmañana,3\n", "short", 3},
		"the longer layout":  {long, "long", 1},
		"time with decimals": {strings.Replace(long, "2012-01-01", "2012-02-29 23:59:59.25", 1), "long", 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := checkText(test.text)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256([]byte(test.text))
			if got.Rows != test.rows || got.Layout != test.layout || got.Bytes != int64(len(test.text)) {
				t.Errorf("layout %s, %d rows, %d bytes; want %s, %d, %d",
					got.Layout, got.Rows, got.Bytes, test.layout, test.rows, len(test.text))
			}
			if got.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("sha256 %s", got.SHA256)
			}
		})
	}
}

func TestCheckMapsColumnsByName(t *testing.T) {
	got, err := checkText("n,word\n1,a\n")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range got.Columns {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"n", "word"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestCheckRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty file":         {"", "f.csv: file is empty; is the download complete?"},
		"header only":        {"word,n\n", "f.csv:1: no record after the header; is the file complete?"},
		"missing column":     {"word\na\n", `f.csv:1: column "n" of layout short is missing; add it to the header and to every record`},
		"extra column":       {"word,n,m\na,1,2\n", `f.csv:1:8: column "m" is not in layout short; remove it from the header and from every record`},
		"renamed column":     {"word,N\na,1\n", `f.csv:1:6: column "N" is not in layout short; rename it, or remove it and add "n", which the file lacks`},
		"doubled column":     {"word,word\na,b\n", `f.csv:1:6: column "word" stands twice in the header; remove or rename one of them`},
		"no header":          {"a,1\nb,2\n", `f.csv:1:1: column "a" is not in layout short; the file needs a header line with "word", "n"`},
		"short record":       {"word,n\na,1\nb\n", "f.csv:3: 1 cells where the header has 2; look for a missing or an extra comma, or quote the cell that holds one"},
		"long record":        {"word,n\na,b,1\n", "f.csv:2: 3 cells where the header has 2; look for a missing or an extra comma, or quote the cell that holds one"},
		"unclosed quote":     {"word,n\na,1\n\"b,2\nc,3\n", "f.csv:3:1: quote opened here is not closed on this line; close it; a cell can't hold a line break"},
		"line break in cell": {"word,n\n\"a\nb\",1\n", "f.csv:2:1: quote opened here is not closed on this line; close it; a cell can't hold a line break"},
		"bare quote":         {"word,n\na\"b,1\n", "f.csv:2:2: quote inside an unquoted cell; enclose the cell in quotes and double those inside it"},
		"text after quote":   {"word,n\n\"a\"b,1\n", "f.csv:2:4: text after a closing quote; double the quotes inside the cell"},
		"NUL":                {"word,n\na\x00b,1\n", "f.csv:2:2: NUL byte; remove it; is the file UTF-16 or damaged?"},
		"control character":  {"word,n\na\x07,1\n", "f.csv:2:2: control character 0x07; remove it"},
		"tabulator":          {"word,n\na\tb,1\n", "f.csv:2:2: control character 0x09; remove it"},
		"latin-1":            {"word,n\ncaf\xe9,1\n", "f.csv:2:4: byte 0xE9 is not UTF-8; say what it is by --encoding, or convert the file, for example: iconv -f LATIN1 -t UTF-8"},
		"surrogate":          {"word,n\n\xed\xa0\x80,1\n", "f.csv:2:1: byte 0xED is not UTF-8; say what it is by --encoding, or convert the file, for example: iconv -f LATIN1 -t UTF-8"},
		"empty line":         {"word,n\n\na,1\n", "f.csv:2: empty line; remove it"},
		"mixed line ends":    {"word,n\na,1\r\nb,2\n", "f.csv:2:4: line ends differ within the file; end all lines alike: with a line feed, with CR LF, or with CR"},
		"lone CR":            {"word,n\na\rb,1\n", "f.csv:2:2: carriage return inside a line; end all lines alike: with a line feed, with CR LF, or with CR"},
		"required and NA":    {"word,n\nNA,1\n", `f.csv:2:1: no value in column "word"; remove the record or fill it in (the word NA is written with quotes: "NA")`},
		"required and empty": {"word,n\n\"\",1\n", `f.csv:2:2: no value in column "word"; remove the record or fill it in`},
		"number":             {"word,n\na,1.5\n", `f.csv:2:3: "1.5" in column "n" is not a whole number of at most 9 digits; correct it, or write NA for a missing value`},
		"gzip":               {"\x1f\x8b\x08\x00", "f.csv:1: file is compressed by gzip; decompress it first"},
		"UTF-16":             {"\xff\xfew\x00o\x00", "f.csv:1: file is UTF-16; save it as UTF-8"},
		"endless line":       {"word,n\n" + strings.Repeat("a", MaxLine+1), "f.csv:2: line longer than 1048576 bytes; look for line ends that are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := checkText(test.text)
			var parse *ParseError
			if !errors.As(err, &parse) {
				t.Fatalf("got %v, want a *ParseError", err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTimestamp(t *testing.T) {
	for text, want := range map[string]bool{
		"2012-01-01": true, "2012-02-29": true, "2012-01-01 00:00:00": true, "2012-01-01 23:59:59.123456": true,
		"2013-02-29": false, "2012-13-01": false, "2012-00-10": false, "0000-01-01": false, "2012-1-1": false,
		"2012-01-01 24:00:00": false, "2012-01-01 10:00": false, "2012-01-01T10:00:00": false,
		"2012-01-01 10:00:00.": false, "2012-01-01 10:00:00.1234567": false, "": false, "2012-01-01 ": false,
	} {
		if got := timestamp([]byte(text)); got != want {
			t.Errorf("timestamp(%q) = %v", text, got)
		}
	}
}

func TestCheckRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	_, err := Check(context.Background(), dir, testLayouts, CheckOptions{})
	if err == nil || !strings.Contains(err.Error(), "is not a regular file (a folder)") {
		t.Errorf("folder: %v", err)
	}
	_, err = Check(context.Background(), filepath.Join(dir, "absent.csv"), testLayouts, CheckOptions{})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}

func TestCheckStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	text := "word,n\n" + strings.Repeat("a,1\n", 5000)
	if _, err := check(ctx, &Checked{Path: "f.csv", Encoding: utf8Name}, strings.NewReader(text), testLayouts, CheckOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
