package wvs_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl/wvs"
	"alignctl/etl/wvs/wvstest"
	"alignctl/lake"
)

// loadText loads a file of the given text into a new lake and gives the rows of
// queries, as text.
func loadText(t testing.TB, text string, queries ...string) []string {
	dir, err := os.MkdirTemp("", "wvs-law-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "f.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	l, err := lake.Init(ctx, filepath.Join(dir, "lake"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	plan, err := wvs.Prepare(ctx, l, wvs.Options{Files: []string{path}, Source: "s"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Load(ctx); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, q := range queries {
		lines = append(lines, rowsOf(t, l, q)...)
	}
	return lines
}

func rowsOf(t testing.TB, l *lake.Lake, query string) (lines []string) {
	ctx := context.Background()
	pins, err := l.At(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	session, err := l.Session(ctx, pins, lake.SessionOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	rows, err := session.Query(ctx, "select r::varchar from ("+query+") r")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

const (
	distributions = "select * from core.wvs_distribution order by all"
	missing       = "select * from core.wvs_missing order by all"
)

// TestOrderOfRespondents loads a file's records in another order: the counts are
// the same.
func TestOrderOfRespondents(t *testing.T) {
	var text bytes.Buffer
	o := wvstest.Options{Dialect: wvstest.Cross, Respondents: 300, Countries: wvstest.Invented(3)}
	if err := wvstest.Write(&text, o, 11); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	want := loadText(t, text.String(), distributions, missing)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(lines)-1, func(i, j int) { lines[i+1], lines[j+1] = lines[j+1], lines[i+1] })
	if diff := cmp.Diff(want, loadText(t, strings.Join(lines, "\n"), distributions, missing)); diff != "" {
		t.Error(diff)
	}
}

// TestDialectsAgree writes the same answers as each release does.
func TestDialectsAgree(t *testing.T) {
	var want []string
	for i, dialect := range []wvstest.Dialect{wvstest.V6, wvstest.V5, {Delimiter: ',', Mark: true, Floats: true}} {
		var text bytes.Buffer
		o := wvstest.Options{Dialect: dialect, Respondents: 50, Own: []string{"CN_1", "IND_2"}, Without: []string{"Q3", "Q82"}}
		if err := wvstest.Write(&text, o, 5); err != nil {
			t.Fatal(err)
		}
		got := loadText(t, text.String(), distributions, missing,
			"select * exclude (file_id) from raw.wvs_respondent order by all", "select count(*), count(code), sum(code) from raw.wvs_answer")
		if i == 0 {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: %s", dialect, diff)
		}
	}
	if n := len(want); n < 300 {
		t.Errorf("%d rows", n)
	}
}

// TestManyFilesMakeOneSource loads countries together and one by one: the
// tables are the same, wherever a respondent's number comes from.
func TestManyFilesMakeOneSource(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	l, err := lake.Init(ctx, filepath.Join(dir, "lake"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var files []string
	for i, country := range wvstest.Invented(3) {
		var text bytes.Buffer
		o := wvstest.Options{Dialect: wvstest.V6, Respondents: 20 + i, Countries: []string{country}, Columns: 40, Without: []string{fmt.Sprintf("Q%d", i+1)}}
		if err := wvstest.Write(&text, o, uint64(i)); err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(dir, country+".csv"))
		if err := os.WriteFile(files[i], text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	digests := func(loads ...wvs.Options) string {
		for _, o := range loads {
			o.Source = "many"
			plan, err := wvs.Prepare(ctx, l, o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := plan.Load(ctx); err != nil {
				t.Fatal(err)
			}
		}
		pins, err := l.At(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(pins["raw.wvs_answer"].Digest, pins["raw.wvs_respondent"].Digest, pins["core.wvs_distribution"].Digest, pins["core.wvs_missing"].Digest)
	}
	whole := digests(wvs.Options{Files: files})
	parts := digests(wvs.Options{Files: files[1:2]}, wvs.Options{Files: []string{files[2], files[0]}, Append: true})
	if whole != parts {
		t.Error("files that came one after the other give other tables than files that came together")
	}
}
