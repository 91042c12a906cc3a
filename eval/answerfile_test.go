package eval

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What is written as a line of JSON is read as it was.
func TestRecordsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.MapOfN(rapid.StringMatching(`[a-z]{1,5}`), rapid.String(), 1, 4), 1, 5).Draw(t, "records")
		var text strings.Builder
		for _, values := range want {
			line, err := json.Marshal(values)
			if err != nil {
				t.Fatal(err)
			}
			text.Write(append(line, '\n'))
		}
		records, err := readRecords("answers.jsonl", []byte(text.String()))
		if err != nil || len(records) != len(want) {
			t.Fatalf("%d records, %v, want %d", len(records), err, len(want))
		}
		for i, r := range records {
			got := map[string]string{}
			for column := range want[i] {
				if got[column], _, err = r.value(column); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(want[i], got); diff != "" || r.line != i+1 {
				t.Errorf("record of line %d (-want +got):\n%s", r.line, diff)
			}
		}
	})
}

// A foreign file gives records or an error, and text that is UTF-8.
func FuzzReadRecords(f *testing.F) {
	for _, seed := range []string{`{"cue": "sky", "output": ["a", 1, null, true]}`, "cue,output\nsky,\"a\nb\"\n", "a\tb\n1\t2\n",
		`{"a": {"b": [{"c": "d"}]}}`, "\ufeff{}", `{"a": 1e999}`, "\"", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"a.jsonl", "a.csv", "a.tsv"} {
			records, err := readRecords(name, []byte(text))
			if err == nil && len(records) == 0 {
				t.Errorf("%s: neither record nor error", name)
			}
			for _, r := range records {
				for column := range r.values {
					if text, _, err := r.value(column); err == nil && !utf8.ValidString(text) {
						t.Errorf("%s: line %d: %q isn't UTF-8", name, r.line, text)
					}
				}
				_, _, _ = r.value("a.b.0.c")
			}
		}
	})
}
