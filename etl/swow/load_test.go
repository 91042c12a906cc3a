package swow

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl"
	"alignctl/etl/etltest"
	"alignctl/lake"
)

func load(t *testing.T, l *lake.Lake, o Options) *etl.Report {
	t.Helper()
	if o.Language == "" {
		o.Language = "en"
	}
	p, err := Prepare(context.Background(), l, o)
	if err != nil {
		t.Fatal(err)
	}
	report, err := p.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// r100Text is a file in layout r100 whose records give "cue,R1,R2,R3" as they
// stand in the file; every participant is American.
func r100Text(records ...string) string {
	var b strings.Builder
	b.WriteString(`"","id","participantID","age","gender","nativeLanguage","country","education","created_at","cue","R1","R2","R3"` + "\n")
	for i, record := range records {
		fmt.Fprintf(&b, "\"%d\",%d,%d,30,\"Fe\",\"United States\",\"United States\",NA,2012-01-01 10:00:00,%s\n", i+1, i+1, i+1, record)
	}
	return b.String()
}

func TestWordsThatLookMissingAreWords(t *testing.T) {
	l := etltest.NewLake(t)
	report := load(t, l, Options{Files: []string{"testdata/null-na-words.csv"}})
	if report.Rows != 5 {
		t.Errorf("%d records, want 5", report.Rows)
	}
	etltest.Expect(t, l, "select cue, count(*) from raw.swow group by cue order by cue", "null|2", "sodium|2", "true|1")
	etltest.Expect(t, l, "select line, education from raw.swow order by line", "2|<nil>", "3|4", "4|<nil>", "5|4", "6|<nil>")
	etltest.Expect(t, l, `select cue, response from core.association where kept order by line, "position"`,
		"null|void", "null|zero", "null|nan", "null|void", "sodium|NA", "sodium|salt", "sodium|null",
		"sodium|salt", "true|false", "true|TRUE", "true|None")
	etltest.Expect(t, l, "select kind, count(*) from core.association group by kind order by kind", "missing|4", "word|11")
	etltest.Expect(t, l, "select cue, response, n123, total123 from core.strength where population = 'all' order by cue, n123 desc, response",
		"null|void|2|4", "null|nan|1|4", "null|zero|1|4", "sodium|salt|2|4", "sodium|NA|1|4", "sodium|null|1|4",
		"true|None|1|3", "true|TRUE|1|3", "true|false|1|3")
	etltest.Expect(t, l, "select cue, response, strength1 from core.strength where population = 'all' and n1 > 0 order by cue, response",
		"null|nan|0.5", "null|void|0.5", "sodium|NA|0.5", "sodium|salt|0.5", "true|false|1")
	etltest.Expect(t, l, "select count(*) from core.strength where population = 'us'", "0")
}

func TestStrengthIsAShareOfTheResponsesGiven(t *testing.T) {
	l := etltest.NewLake(t)
	load(t, l, Options{Files: []string{"testdata/denominator.csv"}})
	etltest.Expect(t, l, "select response, n1, total1, strength1, n123, total123, strength123, rank from core.strength order by rank, response",
		"cup|2|4|0.5|3|8|0.375|1", "hot|1|4|0.25|2|8|0.25|2", "leaf|1|4|0.25|2|8|0.25|2", "green|0|4|0|1|8|0.125|4")
	etltest.Expect(t, l, "select count(*) from raw.swow where cue = 'tea' and r1 is null", "1")
}

func TestCleaning(t *testing.T) {
	tests := map[string]struct {
		language, responses string   // as they stand in the file
		want                []string // response and kind of the three slots
	}{
		"three words":                 {"en", `"x","y","z"`, []string{"x word", "y word", "z word"}},
		"all missing":                 {"en", `NA,NA,NA`, []string{"- missing", "- missing", "- missing"}},
		"empty is missing":            {"en", `"x","",`, []string{"x word", "- missing", "- missing"}},
		"missing token":               {"en", `"x","No more responses","No more responses"`, []string{"x word", "- missing", "- missing"}},
		"unknown":                     {"en", `"Unknown word",NA,NA`, []string{"- unknown", "- missing", "- missing"}},
		"unknown with stray quote":    {"en", `"""Unknown word",NA,NA`, []string{"- unknown", "- missing", "- missing"}},
		"unknown twice is no repeat":  {"en", `"Unknown word","Unknown word",NA`, []string{"- unknown", "- unknown", "- missing"}},
		"second repeats first":        {"en", `"x","x",NA`, []string{"x word", "x repeat", "- missing"}},
		"third moves up over repeat":  {"en", `"x","x","y"`, []string{"x word", "y word", "x repeat"}},
		"third moves up over missing": {"en", `"x",NA,"y"`, []string{"x word", "y word", "- missing"}},
		"unknown moves up too":        {"en", `"x",NA,"Unknown word"`, []string{"x word", "- unknown", "- missing"}},
		"third repeats second":        {"en", `"x","y","y"`, []string{"x word", "y word", "y repeat"}},
		"third repeats first":         {"en", `"x","y","x"`, []string{"x word", "y word", "x word"}},
		"same word three times":       {"en", `"x","x","x"`, []string{"x word", "x word", "x repeat"}},
		"first missing stays":         {"en", `NA,"x","y"`, []string{"- missing", "x word", "y word"}},
		"case makes words differ":     {"en", `"x","X",NA`, []string{"x word", "X word", "- missing"}},
		"response equals cue":         {"en", `"response equals cue",NA,NA`, []string{"response equals cue word", "- missing", "- missing"}},
		"hex word in English":         {"en", `"0123456789abcdef0123456789abcdef",NA,NA`, []string{"0123456789abcdef0123456789abcdef word", "- missing", "- missing"}},
		"Mandarin mask":               {"zh", `"水","0123456789abcdef0123456789abcdef","绿茶"`, []string{"水 word", "绿茶 word", "- missing"}},
		"Mandarin 32 letters":         {"zh", `"abcdefghijabcdefghijabcdefghijab",NA,NA`, []string{"abcdefghijabcdefghijabcdefghijab word", "- missing", "- missing"}},
		"Mandarin tokens":             {"zh", `"不认识","#Missing","没有了"`, []string{"- unknown", "- missing", "- missing"}},
		"Mandarin official tokens":    {"zh", `"iPhone","#Symbol","#Long"`, []string{"iPhone word", "- symbol", "- long"}},
	}
	// All cases of a language are one file; a case's name is its cue.
	lakes := map[string]*lake.Lake{}
	for _, language := range []string{"en", "zh"} {
		var records []string
		for name, test := range tests {
			if test.language == language {
				records = append(records, fmt.Sprintf("%q,%s", name, test.responses))
			}
		}
		lakes[language] = etltest.NewLake(t)
		load(t, lakes[language], Options{Files: []string{etltest.File(t, "f.csv", r100Text(records...))}, Language: language})
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			etltest.Expect(t, lakes[test.language], `select coalesce(response, '-') || ' ' || kind from core.association
				where cue = '`+name+`' order by "position"`, test.want...)
		})
	}
}

func TestPopulations(t *testing.T) {
	text := `"","id","participantID","age","gender","nativeLanguage","country","education","created_at","cue","R1","R2","R3"
"1",1,1,30,"Fe","United States","United States",NA,2012-01-01,"tea","cup",NA,NA
"2",2,2,30,"Fe","United States","Australia",NA,2012-01-01,"tea","cup",NA,NA
"3",3,3,30,"Fe","Australia","United States",NA,2012-01-01,"tea","cup",NA,NA
"4",4,4,30,"Fe",NA,"United States",NA,2012-01-01,"tea","cup",NA,NA
"5",5,5,30,"Fe","United States",NA,NA,2012-01-01,"tea","cup",NA,NA
`
	l := etltest.NewLake(t)
	load(t, l, Options{Files: []string{etltest.File(t, "f.csv", text)}})
	etltest.Expect(t, l, "select population, n1, total123 from core.strength order by population", "all|5|5", "us|1|1")
}

func TestLayoutComplete(t *testing.T) {
	text := `id,participantID,created_at,age,nativeLanguage,gender,education,city,country,section,cue,R1Raw,R2Raw,R3Raw,R1,R2,R3
7,p7,2012-03-04 05:06:07,31,Canada,Ma,,Montréal,Canada,set2012,tea,Cupp,hot  ,,cup,hot,
`
	l := etltest.NewLake(t)
	load(t, l, Options{Files: []string{etltest.File(t, "f.csv", text)}})
	etltest.Expect(t, l, `select line, layout, trial_id, participant_id, strftime(created_at, '%Y-%m-%d %H:%M:%S'), age, gender,
		native_language, education, city, country, section, cue, r1_raw, r2_raw, r1, r2 from raw.swow`,
		"2|complete|7|p7|2012-03-04 05:06:07|31|Ma|Canada|<nil>|Montréal|Canada|set2012|tea|Cupp|hot  |cup|hot")
}

func TestSameBytesChangeNothing(t *testing.T) {
	l := etltest.NewLake(t)
	o := Options{Files: []string{"testdata/null-na-words.csv"}}
	first := load(t, l, o)
	if first.Unchanged() {
		t.Error("first load is unchanged")
	}
	second := load(t, l, o)
	if !second.Unchanged() || len(second.Tables) != 7 {
		t.Errorf("second load: %+v", second.Tables)
	}
	for _, table := range second.Tables {
		for _, before := range first.Tables {
			if before.Table == table.Table && before.Pin != table.Pin {
				t.Errorf("%s moved from %+v to %+v", table.Table, before.Pin, table.Pin)
			}
		}
	}
	o.Append = true
	if third := load(t, l, o); !third.Unchanged() {
		t.Errorf("append of the same file: %+v", third.Tables)
	}
}

func TestReplaceAndAppend(t *testing.T) {
	l := etltest.NewLake(t)
	one := etltest.File(t, "one.csv", r100Text(`"tea","cup",NA,NA`, `"tea","leaf",NA,NA`))
	two := etltest.File(t, "two.csv", r100Text(`"tea","cup","hot",NA`))
	const strengths = "select response, n123 from core.strength where population = 'all' order by response"

	load(t, l, Options{Files: []string{one}})
	etltest.Expect(t, l, strengths, "cup|1", "leaf|1")
	plan, err := Prepare(context.Background(), l, Options{Files: []string{two}, Language: "en", Append: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := plan.String(), "swow-en: 1 file, 1 rows replace 0 rows, 2 rows stay"; got != want {
		t.Errorf("plan %q, want %q", got, want)
	}
	report := load(t, l, Options{Files: []string{two}, Append: true})
	if report.Rows != 3 {
		t.Errorf("source holds %d records after append", report.Rows)
	}
	etltest.Expect(t, l, strengths, "cup|2", "hot|1", "leaf|1")
	load(t, l, Options{Files: []string{two}})
	etltest.Expect(t, l, strengths, "cup|1", "hot|1")
	load(t, l, Options{Files: []string{one}, Source: "other"})
	_, err = Prepare(t.Context(), l, Options{Files: []string{one}, Source: "third", Language: "en"})
	if err == nil || !strings.HasSuffix(err.Error(), `source "other" of the language holds the same file; load it with --source other, or load other files there first`) {
		t.Errorf("a file that another source holds: %v", err)
	}
	etltest.Expect(t, l, strengths, "cup|2", "hot|1", "leaf|1")
	etltest.Expect(t, l, "select source, count(*) from raw.swow group by source order by source", "other|2", "swow-en|1")
}

// TestSourceThatChangesItsLanguage loads Mandarin into a source that held
// English: nothing of the English core may stay behind.
func TestSourceThatChangesItsLanguage(t *testing.T) {
	l := etltest.NewLake(t)
	load(t, l, Options{Files: []string{etltest.File(t, "en.csv", r100Text(`"tea","cup",NA,NA`))}, Source: "s"})
	load(t, l, Options{Files: []string{etltest.File(t, "zh.csv", r100Text(`"茶","水",NA,NA`))}, Source: "s", Language: "zh"})
	for _, table := range []string{"raw.swow", "core.association", "core.strength"} {
		etltest.Expect(t, l, "select distinct language from "+table, "zh")
	}
}

func TestBadInputLeavesTheLake(t *testing.T) {
	l := etltest.NewLake(t)
	good := "testdata/null-na-words.csv"
	load(t, l, Options{Files: []string{good}})
	before, err := l.At(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	bad := etltest.File(t, "bad.csv", r100Text(`"tea","cup",NA,NA`, `"tea","cup",NA`))
	_, err = Prepare(context.Background(), l, Options{Files: []string{good, bad}, Language: "en"})
	var parse *etl.ParseError
	if !errors.As(err, &parse) || parse.File != bad || parse.Line != 3 {
		t.Errorf("short record: %v", err)
	}
	if _, err = Prepare(context.Background(), l, Options{Files: []string{good, good}, Language: "en"}); !errors.As(err, &parse) {
		t.Errorf("same file twice: %v", err)
	}
	if _, err = Prepare(context.Background(), l, Options{Files: []string{good}, Language: "eo"}); err == nil ||
		!strings.Contains(err.Error(), "give one of de, en, es, nl, zh") {
		t.Errorf("unknown language: %v", err)
	}
	after, err := l.At(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
}

// TestFileThatChangesAfterTheCheck must fail: what is loaded is what was
// checked.
func TestFileThatChangesAfterTheCheck(t *testing.T) {
	l := etltest.NewLake(t)
	path := etltest.File(t, "f.csv", r100Text(`"tea","cup",NA,NA`))
	plan, err := Prepare(context.Background(), l, Options{Files: []string{path}, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(r100Text(`"tea","cup",NA,NA`, `"tea","hot",NA,NA`)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Load(context.Background()); err == nil || !strings.Contains(err.Error(), "file changed while it was read") {
		t.Errorf("got %v", err)
	}
	if pins, err := l.At(context.Background(), ""); err != nil || pins["raw.swow"].Rows != 0 {
		t.Errorf("lake moved: %v, %v", pins, err)
	}
}
