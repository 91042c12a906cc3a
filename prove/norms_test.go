package prove

import (
	"os"
	"path/filepath"
	"testing"

	"alignctl/etl"
	"alignctl/etl/norms"
)

const mapping = "language: en\nword: word\ndimensions:\n  concreteness: {low: 1, high: 5, reversed: true, mean: m, n: n}\n"

// text writes a file.
func (w *world) text(name, content string) string {
	w.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.Fatal(err)
	}
	return path
}

func (w *world) rate(o norms.Options) (run string) {
	w.Helper()
	set, err := norms.ParseSet("mine.yaml", []byte(mapping))
	if err != nil {
		w.Fatal(err)
	}
	o.Set = set
	plan, err := norms.Prepare(w.Context(), w.lake, o)
	if err != nil {
		w.Fatal(err)
	}
	report, err := plan.Load(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return report.Run
}

// TestReproduceNorms makes loads of norms again: by the mapping that the run
// recorded, with bad records set aside as then, and when a file is gone from
// what the lake holds of it.
func TestReproduceNorms(t *testing.T) {
	w := newWorld(t)
	rejects, err := etl.CreateRejects(filepath.Join(w.dir, "bad.csv"))
	if err != nil {
		t.Fatal(err)
	}
	one := w.text("one.csv", "word,m,n\ntea,1.5,10\nidea,9,10\n")
	w.rate(norms.Options{Files: []string{one}, CheckOptions: etl.CheckOptions{Rejects: rejects}})
	if err := rejects.Close(); err != nil {
		t.Fatal(err)
	}
	run := w.rate(norms.Options{Files: []string{w.text("two.csv", "word,m,n\ntea,2,30\n")}, Append: true})
	same := []string{"file one.csv [mine] same", "table raw.norm [mine] same", "file two.csv [mine] same",
		"table raw.norm [mine] same", "table core.norm [mine] same"}
	w.proves(run, same...)
	if err := os.Remove(one); err != nil {
		t.Fatal(err)
	}
	same[0] = "file one.csv [mine] gone"
	w.proves(run, same...)
	w.text("two.csv", "word,m,n\ntea,3,30\n")
	same[2], same[3], same[4] = "file two.csv [mine] differs", "table raw.norm [mine] differs", "table core.norm [mine] differs"
	w.proves(run, same...)
}

func TestReproduceLemmas(t *testing.T) {
	w := newWorld(t)
	plan, err := norms.PrepareLemmas(w.Context(), w.lake, norms.LemmaOptions{Language: "en",
		Files: []string{w.text("lemmas.txt", "dogs\tdog\nleaves\tleaf\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Load(w.Context()); err != nil {
		t.Fatal(err)
	}
	w.proves("core.lemma", "file lemmas.txt [lemma-en] same", "table core.lemma [lemma-en] same")
	if err := os.Remove(filepath.Join(w.dir, "lemmas.txt")); err != nil {
		t.Fatal(err)
	}
	w.proves("core.lemma", "file lemmas.txt [lemma-en] gone", "table core.lemma [lemma-en] same")
}
