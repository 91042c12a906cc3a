package norms

import (
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"alignctl/etl"
	"alignctl/internal/strictyaml"
	"alignctl/lake/duck"
)

// FuzzParseSet feeds mappings: whatever is accepted gives layouts that a file
// can be held against, and whatever is refused is refused on one line.
func FuzzParseSet(f *testing.F) {
	for _, name := range []string{"warriner", "nrc-vad", "xu-li-2020"} {
		content, err := setFiles.ReadFile("sets/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add([]byte("language: en\nword: &w [a, b]\ndimensions:\n  v: {low: 1e0, high: 0x9, mean: *w}\n"))
	f.Add([]byte("? {a: b}\n: - !!int x\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := ParseSet("mine.yaml", content)
		if err != nil {
			var fault *strictyaml.Error
			if errors.As(err, &fault) && strings.Contains(fault.Message, "\n") {
				t.Fatalf("refused on several lines: %v", err)
			}
			return
		}
		path := filepath.Join(t.TempDir(), "words.csv")
		if err := os.WriteFile(path, []byte("word,v\ntea,1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = etl.Check(context.Background(), path, s.Layouts(), etl.CheckOptions{})
		var fault *etl.ParseError
		if err != nil && !errors.As(err, &fault) {
			t.Fatalf("refused without a place: %v", err)
		}
	})
}

// FuzzFile feeds files of a set and holds what is accepted against
// encoding/csv: the same words, and a mean where that reader has a number.
func FuzzFile(f *testing.F) {
	f.Add([]byte("word,m,s,n\nbank (money),6,1,10\ntea,NA,,\n"))
	f.Add([]byte("\xef\xbb\xbfword,m\r\n\"a \"\"b\"\"\",1\r\n"))
	f.Add([]byte("m,word\r7e0,nan"))
	f.Add([]byte("word,m,n\ntea,8,1\n"))
	f.Add([]byte("word,m\n\xe9t\xe9,2\n"))
	set, err := ParseSet("fuzz.yaml", []byte(strings.Replace(conc, "word: word", "missing: [NA]\nword: word", 1)))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "fuzz.csv")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		checked, err := etl.Check(context.Background(), path, set.Layouts(), etl.CheckOptions{})
		var fault *etl.ParseError
		if err != nil {
			if !errors.As(err, &fault) || fault.Cure == "" {
				t.Fatalf("refused without a place and a cure: %v", err)
			}
			return
		}
		text := strings.TrimPrefix(string(content), "\ufeff")
		if checked.LineEnd == "CR" {
			text = strings.ReplaceAll(text, "\r", "\n")
		}
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || int64(len(records)-1) != checked.Rows {
			t.Fatalf("%d records, encoding/csv reads %d: %v", checked.Rows, len(records)-1, err)
		}
		compareStaged(t, set, checked, records)
	})
}

// compareStaged holds the rows for raw.norm against the records of another
// reader.
func compareStaged(t *testing.T, set *Set, f *etl.Checked, records [][]string) {
	t.Helper()
	ctx := context.Background()
	db, err := duck.Open(ctx, duck.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := etl.Stage(ctx, db, "staged", f); err != nil {
		t.Fatal(err)
	}
	q := stagedQuery{"fuzz", set, f, "staged"}
	if err := q.simplify(ctx, db); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(ctx, "select word, mean from ("+q.sql()+") order by line")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	word, mean := slices.Index(records[0], "word"), slices.Index(records[0], "m")
	for _, r := range records[1:] {
		var got string
		var value *float64
		if !rows.Next() {
			t.Fatal("fewer rows than records")
		}
		if err := rows.Scan(&got, &value); err != nil {
			t.Fatal(err)
		}
		if missing := r[mean] == "" || r[mean] == "NA"; got != r[word] || missing != (value == nil) {
			t.Fatalf("row %q %v, encoding/csv has %q", got, value, r)
		}
		if value != nil {
			if want, err := strconv.ParseFloat(r[mean], 64); err != nil || want != *value {
				t.Fatalf("mean %v, encoding/csv has %q", *value, r[mean])
			}
		}
	}
}
