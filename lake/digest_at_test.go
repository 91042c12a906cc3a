package lake

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// overwrite replaces the content of a version's first file.
func overwrite(t *testing.T, l *Lake, pin Pin, content string) {
	t.Helper()
	v, err := openVersion(t.Context(), TableAt{l, pin}, DiffOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	for _, files := range v.files {
		if err := rewrite(l.disk, files[0].Path, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
}

// The digest of every version can be computed from its rows, also of one that
// isn't the newest.
func TestDigestOfAVersion(t *testing.T) {
	l := newLake(t)
	for _, pin := range []Pin{writeNow(t, l, wordSpec(), "en", words("en", 10)),
		writeNow(t, l, wordSpec(), "zh", words("zh", 5)),
		writeNow(t, l, wordSpec(), "en", words("en", 11)), writeNow(t, l, exampleSpec(), "", exampleQuery)} {
		for _, compute := range []bool{false, true} {
			d, err := l.Digest(t.Context(), pin, compute)
			if err != nil || d.Computed != pin.Digest || d.Foreign || len(d.Scopes[0].Columns) == 0 {
				t.Errorf("compute %t: %+v, %v", compute, d, err)
			}
		}
	}
}

// The same rows have the same digest, whoever wrote them.
func TestDigestOfAnotherEnginesRows(t *testing.T) {
	l := newLake(t)
	writeNow(t, l, wordSpec(), "en", words("en", 5))
	appendForeign(t, l, "core.word", words("en", 9)+" where i >= 5 order by hash(i)")
	d, err := l.Digest(t.Context(), now(t, l, "core.word"), false)
	if err != nil || !d.Foreign || d.Digest != "" {
		t.Errorf("%+v, %v", d, err)
	}
	ours := writeNow(t, newLake(t), wordSpec(), "en", words("en", 9))
	if d.Computed != ours.Digest {
		t.Errorf("by another engine %s, by us %s", d.Computed, ours.Digest)
	}
}

func TestDigestFindsOtherRows(t *testing.T) {
	l, err := initHere(t.Context(), filepath.Join(t.TempDir(), "lake"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	pin := writeNow(t, l, wordSpec(), "en", words("en", 5))
	other := filepath.Join(t.TempDir(), "other.parquet")
	r := begin(t, l)
	copied := copyRows(wordSpec(), fieldsOf(wordSpec().Columns), words("en", 6), other)
	if err := r.Session().Exec(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, l, pin, string(content))
	if d, err := l.Digest(t.Context(), pin, true); !errors.Is(err, ErrDamaged) {
		t.Errorf("%+v, %v", d, err)
	}
}
