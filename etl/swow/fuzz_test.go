package swow

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"alignctl/etl"
	"alignctl/lake/duck"
)

// FuzzStrengthTable holds the reading of strength tables against a cut at
// delimiters and line ends: what the check accepts, DuckDB reads as the same
// words, whatever quotes and words for nothing are among them.
func FuzzStrengthTable(f *testing.F) {
	f.Add([]byte("cue\tresponse\tR1\tN\tR1.Strength\ntea\t\"cup\t1\t2\t0.5\ntea\tNA\t1\t2\t.5\n"))
	f.Add([]byte("\xef\xbb\xbfcue,response,R123,n,R123.Strength\r\nnull,nan,3,3,1\r\n"))
	f.Add([]byte("response\tcue\tR1\tN\tR1.Strength\rb\ta\t1\t3\t33e-2\r"))
	db, err := duck.Open(context.Background(), duck.Options{})
	if err != nil {
		f.Fatal(err)
	}
	defer db.Close()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "strength.csv")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		checked, err := etl.Check(t.Context(), path, StrengthLayouts(), etl.CheckOptions{})
		var parse *etl.ParseError
		switch {
		case err == nil:
		case errors.As(err, &parse) && parse.Reason != "" && parse.Cure != "":
			return
		default:
			t.Fatalf("refused without a reason and a cure: %v", err)
		}
		if err := etl.Stage(t.Context(), db, "fuzzed", checked); err != nil {
			t.Fatal(err)
		}
		if got, want := stagedWords(t, db), cutWords(string(data), checked); !slices.Equal(got, want) {
			t.Fatalf("DuckDB reads %q, the file has %q", got, want)
		}
	})
}

// stagedWords are cue and response of each record, in the file's order.
func stagedWords(t *testing.T, db *duck.DB) (words []string) {
	t.Helper()
	rows, err := db.Query(t.Context(), "select cue, response from fuzzed order by rowid")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var cue, response string
		if err := rows.Scan(&cue, &response); err != nil {
			t.Fatal(err)
		}
		words = append(words, cue, response)
	}
	return words
}

// cutWords are the same as the bytes of an accepted file have them.
func cutWords(text string, f *etl.Checked) (words []string) {
	end := map[string]string{"LF": "\n", "CR LF": "\r\n", "CR": "\r"}[f.LineEnd]
	lines := strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "\ufeff"), end), end)
	delimiter := ","
	if strings.Contains(lines[0], "\t") {
		delimiter = "\t"
	}
	header := strings.Split(lines[0], delimiter)
	cue, response := slices.Index(header, "cue"), slices.Index(header, "response")
	for _, line := range lines[1:] {
		cells := strings.Split(line, delimiter)
		words = append(words, cells[cue], cells[response])
	}
	return words
}
