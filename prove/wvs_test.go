package prove

import (
	"os"
	"path/filepath"
	"testing"

	"alignctl/etl"
	"alignctl/etl/wvs"
)

// A survey is loaded again from its files, bad records set aside as then, and
// from the lake's rows where a file or the codebook is gone.
func TestReproduceSurvey(t *testing.T) {
	w := newWorld(t)
	first := w.text("XAA.csv", "B_COUNTRY_ALPHA;D_INTERVIEW;Q1;Q2\nXAA;1;1;2\nXAA;2;0;1\nXAA;3;2;-1\n")
	second := w.text("XAB.csv", "B_COUNTRY_ALPHA;D_INTERVIEW;Q1;Q3\nXAB;1;1;2\nXAB;2;4;1\n")
	codebook := w.text("words.csv", "question,language,text,code,label\nQ1,en,How?,,\nQ1,en,,1,so\nQ1,zh,,1,这样\n")
	rejects, err := etl.CreateRejects(filepath.Join(w.dir, "bad.csv"))
	if err != nil {
		t.Fatal(err)
	}
	o := wvs.Options{Files: []string{first}, Source: "lands", Codebook: codebook}
	o.Rejects = rejects
	for _, o := range []wvs.Options{o, {Files: []string{second}, Source: "lands", Append: true, Codebook: codebook}} {
		plan, err := wvs.Prepare(t.Context(), w.lake, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plan.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := rejects.Close(); err != nil {
		t.Fatal(err)
	}
	w.proves("core.wvs_distribution",
		"file XAA.csv [lands] same", "file words.csv [lands] same",
		"table raw.wvs_answer [lands] same", "table raw.wvs_respondent [lands] same",
		"file XAB.csv [lands] same", "file words.csv [lands] same",
		"table raw.wvs_answer [lands] same", "table raw.wvs_respondent [lands] same",
		"table core.wvs_distribution [lands] same")
	for _, path := range []string{first, codebook} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	w.proves("core.wvs_option", // which the second run left as it was
		"file XAA.csv [lands] gone", "file words.csv [lands] gone",
		"table raw.wvs_answer [lands] same", "table raw.wvs_respondent [lands] same", "table core.wvs_option [lands] same")
	w.proves("core.wvs_missing",
		"file XAA.csv [lands] gone", "file words.csv [lands] gone",
		"table raw.wvs_answer [lands] same", "table raw.wvs_respondent [lands] same",
		"file XAB.csv [lands] same", "file words.csv [lands] gone",
		"table raw.wvs_answer [lands] same", "table raw.wvs_respondent [lands] same", "table core.wvs_missing [lands] same")
}
