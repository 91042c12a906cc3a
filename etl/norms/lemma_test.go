package norms

import (
	"testing"

	"alignctl/etl/etltest"
)

func TestLemmas(t *testing.T) {
	l := etltest.NewLake(t)
	load := func(text string) (unchanged bool) {
		t.Helper()
		p, err := PrepareLemmas(t.Context(), l, LemmaOptions{Language: "en", Files: []string{write(t, "lemmas.txt", text)}})
		if err != nil {
			t.Fatal(err)
		}
		report, err := p.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return report.Unchanged()
	}
	const rows = "select source, form, lemma, form_folded from core.lemma order by form, lemma"
	load("dogs\tdog\nLeaves\tleaf\nLeaves\tleave\ndogs\tdog\n")
	etltest.Expect(t, l, rows, "lemma-en|Leaves|leaf|leaves", "lemma-en|Leaves|leave|leaves", "lemma-en|dogs|dog|dogs")
	load("lemma\tform\ndog\tdogs\n")
	etltest.Expect(t, l, rows, "lemma-en|dogs|dog|dogs")
	if !load("lemma\tform\ndog\tdogs\n") {
		t.Error("the same file moved")
	}
}
