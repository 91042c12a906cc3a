package wvs_test

import (
	"os"
	"path/filepath"
	"testing"

	"alignctl/etl"
	"alignctl/etl/etltest"
	etlwvs "alignctl/etl/wvs"
	"alignctl/eval/wvs"
)

// Each two countries of the real files have a list of high tension, which is the
// same from either side, and the sets of questions in both languages word the
// same items.
func TestRealSurvey(t *testing.T) {
	data := os.Getenv("ALIGNCTL_TESTDATA")
	if data == "" {
		t.Skip("set ALIGNCTL_TESTDATA to a folder with wvs7/ to read the real files")
	}
	l := etltest.NewLake(t)
	file := func(name string) string { return filepath.Join(data, "wvs7", name) }
	rejects, err := etl.CreateRejects(filepath.Join(t.TempDir(), "averages.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer rejects.Close()
	china := etlwvs.Options{Files: []string{file("China.csv")}, Codebook: file("simllm_wvs_zh_valid.json"), CodebookLanguage: "zh"}
	china.Rejects = rejects
	loadSurvey(t, l, china)
	loadSurvey(t, l, etlwvs.Options{Files: []string{file("WVS7_US_2017_numeric_semicolon.csv")}, Codebook: file("simllm_wvs_en_valid.json")})
	loadSurvey(t, l, etlwvs.Options{Files: []string{file("F00017093-WVS_Wave_7_India_Csv_v6.0.csv")}, Codebook: file("codebook.json")})

	// The public file of China has a part of the questions.
	for codes, least := range map[[2]string]int{{"USA", "CHN"}: 30, {"USA", "IND"}: 200, {"CHN", "IND"}: 30} {
		forth := readSurvey(t, l, wvs.People{Countries: []wvs.Country{{Code: codes[0]}, {Code: codes[1]}}}).Contrasts()
		back := readSurvey(t, l, wvs.People{Countries: []wvs.Country{{Code: codes[1]}, {Code: codes[0]}}}).Contrasts()
		if len(forth) < least || len(forth) != len(back) {
			t.Fatalf("%v: %d items, back %d", codes, len(forth), len(back))
		}
		for i, c := range forth {
			if c.Item.Question != back[i].Item.Question {
				t.Errorf("%v: rank %d is %s, back %s", codes, i+1, c.Item.Question, back[i].Item.Question)
			}
			if tension := c.Tension; (tension == nil) == c.Item.Ordered || tension != nil && (*tension < 0 || *tension > 1) {
				t.Errorf("%v: tension of %s", codes, c.Item.Question)
			}
		}
		t.Logf("%v: %d items, %d without a tension", codes, len(forth), unordered(forth))
		for _, c := range forth[:min(len(forth), wvs.DefaultHighTension)] {
			t.Logf("%d %s %s: tension %.3f", c.Rank, c.Item.Question, c.Item.Topic, *c.Tension)
		}
	}
	worded := etltest.Query(t, l, `select language, count(*) from core.wvs_question where source in ('wvs7-usa', 'wvs7-chn')
		and text is not null group by language order by language`)
	if len(worded) != 2 || worded[0] != "en|35" || worded[1] != "zh|35" {
		t.Errorf("questions with words: %v", worded)
	}
}

func unordered(contrasts []wvs.Contrast) (n int) {
	for _, c := range contrasts {
		if c.Rank == 0 {
			n++
		}
	}
	return n
}
