package swow

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl"
	"alignctl/etl/etltest"
	"alignctl/lake"
)

func loadStrengths(t *testing.T, l *lake.Lake, o StrengthOptions) *etl.Report {
	t.Helper()
	if o.Language == "" {
		o.Language = "en"
	}
	p, err := PrepareStrengths(context.Background(), l, o)
	if err != nil {
		t.Fatal(err)
	}
	report, err := p.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// strengthText is a tab-separated strength table of records "cue response n
// total strength".
func strengthText(header string, records ...string) string {
	return strings.ReplaceAll(strings.Join(append([]string{header}, records...), "\n")+"\n", " ", "\t")
}

const (
	headerR1   = "cue response R1 N R1.Strength"
	headerR123 = "cue response R123 N R123.Strength"
)

func TestStrengthTablesAreAPopulation(t *testing.T) {
	l := etltest.NewLake(t)
	load(t, l, Options{Files: []string{etltest.File(t, "SWOW-EN.R100.csv", r100Text(`"tea","cup","hot",NA`))}})
	first := etltest.File(t, "strength.R1.csv", strengthText(headerR1,
		"tea cup 2 3 0.6667", "tea leaf 1 3 0.3333", "sun hot 1 1 1"))
	all := etltest.File(t, "strength.R123.csv", strengthText(headerR123,
		"tea hot 4 7 0.571", "tea cup 3 7 0.429", "sea blue 5 5 1"))
	report := loadStrengths(t, l, StrengthOptions{Files: []string{first, all}, Source: "club"})
	if report.Rows != 6 || len(report.Notes) != 0 {
		t.Errorf("%d rows, notes %q", report.Rows, report.Notes)
	}
	const club = `select cue, response, n1, total1, strength1 = n1 / total1, n123, total123,
		strength123 = n123 / total123, rank
		from core.strength where population = 'club' order by cue, rank, response`
	want := []string{
		"sea|blue|<nil>|<nil>|<nil>|5|5|true|1", // no such cue among the first responses
		"sun|hot|1|1|true|<nil>|<nil>|<nil>|1",
		"tea|hot|0|3|true|4|7|true|1", // never first
		"tea|cup|2|3|true|3|7|true|2",
		"tea|leaf|1|3|true|<nil>|<nil>|<nil>|3", // the table of all leaves it out
	}
	etltest.Expect(t, l, club, want...)

	// Loads of one kind leave the other's populations as they are.
	others := "select population, cue, response, n1 from core.strength where population <> 'club' order by all"
	etltest.Expect(t, l, others, "all|tea|cup|1", "all|tea|hot|0", "us|tea|cup|1", "us|tea|hot|0")
	eat := etltest.File(t, "EAT.csv", strengthText("cue response R1 n R1.Strength", "tea pot 1 1 1"))
	loadStrengths(t, l, StrengthOptions{Files: []string{eat}, Source: "eat"})
	etltest.Expect(t, l, others, "all|tea|cup|1", "all|tea|hot|0", "eat|tea|pot|1", "us|tea|cup|1", "us|tea|hot|0")
	load(t, l, Options{Files: []string{etltest.File(t, "SWOW-EN.R100.csv", r100Text(`"tea","hot",NA,NA`))}})
	etltest.Expect(t, l, others, "all|tea|hot|1", "eat|tea|pot|1", "us|tea|hot|1")
	etltest.Expect(t, l, club, want...)
}

func TestSameStrengthTablesMoveNothing(t *testing.T) {
	l := etltest.NewLake(t)
	o := StrengthOptions{Files: []string{etltest.File(t, "a.csv", strengthText(headerR1, "tea cup 2 2 1"))}}
	loadStrengths(t, l, o)
	if again := loadStrengths(t, l, o); !again.Unchanged() {
		t.Errorf("moved: %+v", again.Tables)
	}
}

// TestStrengthsOfAnotherLanguage moves a source from one language to another.
func TestStrengthsOfAnotherLanguage(t *testing.T) {
	l := etltest.NewLake(t)
	o := StrengthOptions{Files: []string{etltest.File(t, "a.csv", strengthText(headerR1, "tea cup 2 2 1"))}, Source: "mine"}
	loadStrengths(t, l, o)
	o.Language = "zh"
	loadStrengths(t, l, o)
	etltest.Expect(t, l, "select language, population, cue from core.strength", "zh|mine|tea")
}

func TestEveryTextOfAStrengthTableIsAWord(t *testing.T) {
	l := etltest.NewLake(t)
	path := etltest.File(t, "strength.csv", strengthText(headerR1, `true NA 1 4 0.25`, `true null 1 4 0.25`, `true "x 1 4 0.25`,
		`true nan 1 4 0.25`, `null N/A 1 1 1`, `NA NULL 1 1 1`)+"pot  pourri\tcup  of tea\t1\t1\t1\n")
	loadStrengths(t, l, StrengthOptions{Files: []string{path}})
	etltest.Expect(t, l, "select cue, response from core.strength order by all",
		"NA|NULL", "null|N/A", "pot  pourri|cup  of tea", `true|"x`, "true|NA", "true|nan", "true|null")
}

func TestStrengthTablesWithCommas(t *testing.T) {
	l := etltest.NewLake(t)
	header := strings.ReplaceAll(headerR123, " ", ",")
	loadStrengths(t, l, StrengthOptions{Language: "zh", Files: []string{etltest.File(t, "strength.SWOWZH.R123.csv",
		header+"\n茶,水,2,4,0.5\n茶,#Missing,1,4,0.25\n茶,0123456789abcdef0123456789abcdef,1,4,0.25\n")}})
	etltest.Expect(t, l, "select population, response, n123, total123, strength123 from core.strength",
		"swow-zh-published|水|2|4|0.5")
}

func TestNotesOfAStrengthTable(t *testing.T) {
	l := etltest.NewLake(t)
	report := loadStrengths(t, l, StrengthOptions{Language: "zh", Files: []string{etltest.File(t, "strength.csv",
		strengthText(headerR1, "a b 2 5 0.4", "a #Long 1 5 0.2", "c d 1 1 1"))}})
	want := []string{
		"r1: the totals of 1 cues count 2 responses that the file doesn't list; strengths are shares of these totals",
		"r1: 1 rows whose response stands for no word stay out of core.strength",
	}
	if diff := cmp.Diff(want, report.Notes); diff != "" {
		t.Error(diff)
	}
}

func TestBadStrengthTables(t *testing.T) {
	tests := map[string]struct {
		records []string
		want    string // of the error
	}{
		"share of another total":   {[]string{"a b 1 4 0.25", "c d 1 4 0.24"}, `:3:9: strength 0.24 is not 1 / 4`},
		"pair twice":               {[]string{"a b 1 2 0.5", "a b 1 2 0.5"}, `:3:3: response "b" to cue "a" stands twice`},
		"two totals":               {[]string{"a b 1 2 0.5", "a c 1 3 0.333"}, `:3:7: cue "a" has total 3 here and 2 before`},
		"no count":                 {[]string{"a b 0 2 0"}, `0 in column "R1" is outside`},
		"a word for a count":       {[]string{"a b x 2 0"}, `"x" in column "R1" is not a whole number`},
		"no response":              {[]string{"a  1 2 0.5"}, `no value in column "response"`},
		"a cell more":              {[]string{"a b c 1 2 0.5"}, `6 cells where the header has 5`},
		"more counted than answer": {[]string{"a b 2 3 0.667", "a c 2 3 0.667"}, `audit "strength.totals" failed`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := etltest.NewLake(t)
			p, err := PrepareStrengths(context.Background(), l, StrengthOptions{Language: "en",
				Files: []string{etltest.File(t, "strength.csv", strengthText(headerR1, tt.records...))}})
			if err == nil {
				_, err = p.Load(context.Background())
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestTwoTablesOfOneMeasure(t *testing.T) {
	a := etltest.File(t, "a.csv", strengthText(headerR1, "a b 1 1 1"))
	b := etltest.File(t, "b.csv", strengthText(headerR1, "a c 1 1 1"))
	_, err := PrepareStrengths(context.Background(), etltest.NewLake(t), StrengthOptions{Language: "en", Files: []string{a, b}})
	var bad *etl.ParseError
	if !errors.As(err, &bad) || bad.File != b || !strings.Contains(bad.Reason, "R1 strengths, as "+a) {
		t.Errorf("error %v", err)
	}
}

func TestRounding(t *testing.T) {
	for _, tt := range []struct {
		number string
		want   float64
	}{{"0.25", 0.005}, {"1", 0.5}, {"5e-04", 0.00005}, {"2.5E-3", 0.00005}, {".333", 0.0005}} {
		if got := rounding(tt.number); got < tt.want || got > tt.want*1.001 {
			t.Errorf("rounding(%s) = %g, want %g", tt.number, got, tt.want)
		}
	}
}

// TestPublishedStrengths loads the real tables of the English data.
func TestPublishedStrengths(t *testing.T) {
	data := os.Getenv("ALIGNCTL_TESTDATA")
	if data == "" {
		t.Skip("set ALIGNCTL_TESTDATA to a folder with swow_en/ to load the published tables")
	}
	l := etltest.NewLake(t)
	report := loadStrengths(t, l, StrengthOptions{Files: []string{
		filepath.Join(data, "swow_en", "strength.SWOW-EN.R1.csv"),
		filepath.Join(data, "swow_en", "strength.SWOW-EN.R123.first1000cues.csv"),
	}})
	if report.Rows != 483_636+116_406 || len(report.Notes) != 0 {
		t.Errorf("%d rows, notes %q", report.Rows, report.Notes)
	}
	t.Logf("steps: %v", report.Steps)
	etltest.Expect(t, l, "select measure, count(*), count(distinct cue) from raw.strength group by measure order by measure",
		"r1|483636|12217", "r123|116406|993")
	const sums = `select count(*) from (select sum(%s) as sum from core.strength group by cue) where abs(sum - 1) > 1e-9`
	etltest.Expect(t, l, fmt.Sprintf(sums, "strength1"), "0")
	etltest.Expect(t, l, fmt.Sprintf(sums, "strength123"), "0")
	etltest.Expect(t, l, "select count(*) from raw.strength where abs(strength - n / total) > 1e-15", "0")
	etltest.Expect(t, l, "select distinct cue from raw.strength where cue in ('null', 'true') order by cue", "null", "true")
	etltest.Expect(t, l, "select distinct response from raw.strength where response in ('null', 'nan') order by response",
		"nan", "null")
}
