package wvs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl"
	"alignctl/etl/etltest"
	"alignctl/lake"
)

// realFile is a file of the real data of wave 7.
func realFile(t *testing.T, name string) string {
	t.Helper()
	data := os.Getenv("ALIGNCTL_TESTDATA")
	if data == "" {
		t.Skip("set ALIGNCTL_TESTDATA to a folder with wvs7/ to load the real files")
	}
	return filepath.Join(data, "wvs7", name)
}

// expect compares a query's rows.
func expect(t *testing.T, l *lake.Lake, text string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, query(t, l, text)); diff != "" {
		t.Errorf("%s: %s", text, diff)
	}
}

// TestRealFiles loads India, the United States and China.
func TestRealFiles(t *testing.T) {
	india := realFile(t, "F00017093-WVS_Wave_7_India_Csv_v6.0.csv")
	l := etltest.NewLake(t)
	if r := load(t, l, Options{Files: []string{india}}); r.Rows != 1692 || r.Source != "wvs7-ind" {
		t.Errorf("India: %d respondents in %s", r.Rows, r.Source)
	}
	usa := Options{Files: []string{realFile(t, "WVS7_US_2017_numeric_semicolon.csv")}, Codebook: realFile(t, "codebook.json")}
	if r := load(t, l, usa); r.Rows != 2596 || r.Source != "wvs7-usa" {
		t.Errorf("United States: %d respondents in %s", r.Rows, r.Source)
	}
	for _, row := range query(t, l, `select code, position, n, share, weighted_n, weighted_share from core.wvs_distribution
		join core.wvs_option using (source, question, code)
		where country = 'USA' and question = 'Q1' and language = 'en' order by code`) {
		t.Logf("United States, Q1: code, position, n, share, weighted n, weighted share: %s", row)
	}
	expect(t, l, "select count(*), count(distinct language) from core.wvs_question where source = 'wvs7-usa' and text is not null", "334 1")

	china := Options{Files: []string{realFile(t, "China.csv")}}
	_, err := tryLoad(l, china)
	if err == nil || !strings.Contains(err.Error(), "China.csv:3038:1: ") {
		t.Errorf("China with its lines of averages: %v", err)
	}
	rejected := filepath.Join(t.TempDir(), "rejected.csv")
	if china.Rejects, err = etl.CreateRejects(rejected); err != nil {
		t.Fatal(err)
	}
	if r := load(t, l, china); r.Rows != 3036 || r.Rejected != 3 {
		t.Errorf("China: %d respondents, %d lines set aside", r.Rows, r.Rejected)
	}
	if err := china.Rejects.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(rejected)
	if err != nil || strings.Count(string(text), ",3038,1,")+strings.Count(string(text), ",3039,1,")+strings.Count(string(text), ",3040,1,") != 3 {
		t.Errorf("lines set aside (%v): %s", err, text)
	}
	expect(t, l, "select n > 0 from core.wvs_distribution where country = 'CHN' and question = 'Q122' and code = 0", "true")
	expect(t, l, `select string_agg(question, ' ' order by question) from core.wvs_missing where country = 'CHN' and state = 'not asked'`,
		"Q125 Q132 Q133 Q134 Q135 Q136 Q137 Q138 Q224 Q225 Q226 Q227 Q228 Q229 Q230 Q231 Q232 Q233")
	expect(t, l, "select count(*) from core.wvs_distribution where country = 'CHN' and weighted_share is not null", "0")
}

// TestCodesAreTheCodebooks compares the shipped codes and scales with a
// codebook of the real survey, and lists where they differ for a reason.
func TestCodesAreTheCodebooks(t *testing.T) {
	var book map[string]struct{ Choices map[string]string }
	readJSON(t, realFile(t, "codebook.json"), &book)
	var scales map[string]struct {
		Min any `json:"answer_scale_min"`
		Max any `json:"answer_scale_max"`
	}
	readJSON(t, realFile(t, "question_metadata.json"), &scales)
	var got []string
	for _, q := range Questions() {
		if entry, found := book[q.Name]; !found {
			got = append(got, q.Name+": not in the codebook")
		} else if theirs := codesOf(entry.Choices); !q.Open && !slices.Equal(theirs, codesOf(q.Options)) {
			got = append(got, fmt.Sprintf("%s: %v, ours %v", q.Name, theirs, codesOf(q.Options)))
		}
		low, lowErr := strconv.Atoi(fmt.Sprint(scales[q.Name].Min))
		high, highErr := strconv.Atoi(fmt.Sprint(scales[q.Name].Max))
		if lowErr == nil && highErr == nil && high-low+1 != places(q) {
			got = append(got, fmt.Sprintf("%s: %d places, ours %d", q.Name, high-low+1, places(q)))
		}
	}
	if len(got) > 0 {
		t.Errorf("differences: %s", strings.Join(got, "; "))
	}
}

func readJSON(t *testing.T, path string, to any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// codesOf lists the codes that are answers, of a codebook's choices or of ours.
func codesOf[T map[string]string | []Option](from T) (codes []int64) {
	switch from := any(from).(type) {
	case map[string]string:
		for text := range from {
			if code, err := strconv.ParseInt(text, 10, 64); err == nil && code >= 0 {
				codes = append(codes, code)
			}
		}
	case []Option:
		for _, o := range from {
			codes = append(codes, o.Code)
		}
	}
	slices.Sort(codes)
	return codes
}

// places is how many places a question's scale has.
func places(q *Question) (most int) {
	for _, o := range q.Options {
		most = max(most, o.Position)
	}
	return most
}
