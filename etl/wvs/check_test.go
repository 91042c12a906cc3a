package wvs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"alignctl/etl"
	"alignctl/etl/etltest"
)

// TestCheckRefuses gives each bad file's place and cure.
func TestCheckRefuses(t *testing.T) {
	const correct = "; correct it; is it the right column, and the right kind of file?"
	for name, test := range map[string]struct{ text, want string }{
		"code beside the list": {"B_COUNTRY_ALPHA;Q1\nXAA;1\nXAA;5\n",
			`:3:5: 5 in column "Q1" is no code of the question: answers are 1-4, and -1 to -5 say why there is none` + correct},
		"0 where it is no answer": {"B_COUNTRY_ALPHA;Q1\nXAA;0\n",
			`:2:5: 0 in column "Q1" is no code of the question: answers are 1-4, and -1 to -5 say why there is none` + correct},
		"no reason": {"B_COUNTRY_ALPHA;Q262\nXAA;-6\n",
			`:2:5: -6 in column "Q262" is no code of the question: answers are 0 and above, and -1 to -5 say why there is none` + correct},
		"half a code":     {"B_COUNTRY_ALPHA;Q1\nXAA;1.5\n", `:2:5: "1.5" in column "Q1" is not a whole number; correct it`},
		"label in a cell": {"B_COUNTRY_ALPHA;Q1\nXAA;Very\n", `:2:5: "Very" in column "Q1" is not a whole number; correct it`},
		"respondent twice": {"B_COUNTRY_ALPHA;D_INTERVIEW;Q1\nXAA;9.00070001E8;1\nXAB;900070001;1\nXAA;900070001;2\n",
			":4:5: respondent 900070001 of XAA stands twice in the file; remove one of the records"},
		"negative weight": {"B_COUNTRY_ALPHA;W_WEIGHT;Q1\nXAA;-1;1\n",
			`:2:5: -1 in column "W_WEIGHT" is negative: a weight says how many people a respondent stands for` + correct},
		"a weight for many": {"B_COUNTRY_ALPHA;W_WEIGHT;Q1\nXAA;844342.59;1\n",
			`:2:5: 844342.59 in column "W_WEIGHT" is above 1000: weights within a country have a mean of about 1` + correct},
		"no country":      {"B_COUNTRY_ALPHA;Q1\n;1\n", `:2:1: no value in column "B_COUNTRY_ALPHA"; remove the record or fill it in`},
		"country by name": {"B_COUNTRY_ALPHA;Q1\nFrance;1\n", `:2:1: "France" is no country code of three capital letters; correct it`},
		"no such column":  {"COUNTRY;Q1\nXAA;1\n", `:1: column "B_COUNTRY_ALPHA" of layout wvs7 is missing; add it to the header and to every record`},
		"no question":     {"B_COUNTRY_ALPHA;Y001\nXAA;1\n", ":1: no column is a question of wave 7; the header needs names such as Q1"},
		"column twice":    {"B_COUNTRY_ALPHA;Q1;Q1\nXAA;1;1\n", `:1:20: column "Q1" stands twice in the header; remove or rename one of them`},
		"labels": {"\ufeff\"doi\";\"Q1: Important: Family\"\n\"x\";\"Very\"\n",
			`:1:8: header "Q1: Important: Family" has a label: the file is an export with labels instead of codes; take the file with codes: names such as Q1 in the header, numbers in the cells`},
		"two cells more": {"B_COUNTRY_ALPHA;Q1\nXAA;1;;\n",
			":2: 4 cells where the header has 2; look for a missing or an extra semicolon, or quote the cell that holds one"},
	} {
		t.Run(name, func(t *testing.T) {
			path := etltest.File(t, "f.csv", test.text)
			_, err := Prepare(context.Background(), etltest.NewLake(t), Options{Files: []string{path}})
			var bad *etl.ParseError
			if !errors.As(err, &bad) || err.Error() != path+test.want {
				t.Errorf("%v\nwant %s", err, path+test.want)
			}
		})
	}
}

// TestTwinsOverFiles refuses a respondent who stands in two files of a source,
// whether they come together or one after the other.
func TestTwinsOverFiles(t *testing.T) {
	first := etltest.File(t, "a.csv", "B_COUNTRY_ALPHA;D_INTERVIEW;Q1\nXAA;1;1\nXAA;2;1\n")
	second := etltest.File(t, "b.csv", "B_COUNTRY_ALPHA;D_INTERVIEW;Q1\nXAA;3;1\nXAA;2;2\n")
	l := etltest.NewLake(t)
	if _, err := tryLoad(l, Options{Files: []string{first, second}}); err == nil || !strings.Contains(err.Error(), "respondent 2 of XAA stands in ") {
		t.Errorf("together: %v", err)
	}
	load(t, l, Options{Files: []string{first}})
	if _, err := tryLoad(l, Options{Files: []string{second}, Append: true}); err == nil || !strings.Contains(err.Error(), "respondent 2 of XAA stands in ") {
		t.Errorf("one after the other: %v", err)
	}
	if got := query(t, l, "select count(*) from raw.wvs_respondent"); got[0] != "2" {
		t.Errorf("%s respondents after a refusal", got[0])
	}
}

// TestBlanks counts empty cells apart from reasons, and respondents without a
// weight in unweighted shares alone.
func TestBlanks(t *testing.T) {
	l := etltest.NewLake(t)
	report := load(t, l, Options{Files: []string{etltest.File(t, "f.csv",
		"B_COUNTRY_ALPHA,D_INTERVIEW,W_WEIGHT,Q1,Q2,Q122\nXAA,1,0.5,1,,0\nXAA,2,,1,\"\",NA\nXAA,3,1.5,2,,-4\n")}})
	want := "1 respondents have no weight: they count in n and share, not in weighted_n and weighted_share"
	if notes := strings.Join(report.Notes, "\n"); !strings.Contains(notes, want) {
		t.Errorf("notes: %s", notes)
	}
	expect(t, l, "select question, state, valid_n, not_asked, blank from core.wvs_missing where question in ('Q1', 'Q2', 'Q122') order by 1",
		"Q1 asked 3 0 0", "Q122 asked 1 1 1", "Q2 not asked 0 0 3")
	expect(t, l, "select question, code, n, weighted_n, weighted_share from core.wvs_distribution order by 1, 2",
		"Q1 1 2 0.5 0.25", "Q1 2 1 1.5 0.75", "Q122 0 1 0.5 1")
}

// FuzzCheck checks any bytes: an error names the file, and each record that
// passes keeps the contract by a reading of its own.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		"\"B_COUNTRY_ALPHA\";\"Q1\";\"Q122\"\n\"XAA\";1;0\n\"XAA\";-4;2\n",
		"B_COUNTRY,B_COUNTRY_ALPHA,Q27\n156,CHN,2\nAvg,,2.5\n",
		"\ufeffB_COUNTRY_ALPHA;D_INTERVIEW;Q1\nXAA;1.56070001E8;1.0;\r\n", "B_COUNTRY_ALPHA;Q1;CN_1\nXAA;;x\n",
	} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "f.csv")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		checked, err := etl.Check(context.Background(), path, Layouts(), etl.CheckOptions{})
		var bad *etl.ParseError
		if err != nil {
			if !errors.As(err, &bad) || bad.File != path || explain(err, string(data)) == nil {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		if !strings.ContainsRune(string(data), '"') {
			admitted(t, checked, string(data))
		}
	})
}

// admitted looks at the cells of a file without quotes.
func admitted(t *testing.T, checked *etl.Checked, text string) {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\ufeff"))
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if int64(len(lines)) != checked.Rows+1 {
		t.Fatalf("%d lines, %d records", len(lines), checked.Rows)
	}
	delimiter := ","
	if strings.Contains(lines[0], ";") && !strings.Contains(lines[1], ",") {
		delimiter = ";"
	}
	for _, line := range lines[1:] {
		for i, c := range strings.Split(line, delimiter) {
			if i >= len(checked.Columns) || byName()[checked.Columns[i].Name] == nil || c == "" || c == "NA" {
				continue
			}
			code, err := strconv.ParseFloat(c, 64)
			if err != nil || code != float64(int64(code)) || !byName()[checked.Columns[i].Name].Admits(int64(code)) {
				t.Fatalf("%q passed as %s", c, checked.Columns[i].Name)
			}
		}
	}
}
