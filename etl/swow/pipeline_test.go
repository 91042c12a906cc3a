package swow

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"alignctl/etl/swow/swowtest"

	"alignctl/etl/etltest"
)

// completeText is a file in layout complete whose records give
// "participantID,nativeLanguage,cue,R1,R2,R3" as they stand in the file.
func completeText(records ...string) string {
	var b strings.Builder
	b.WriteString("id,participantID,nativeLanguage,cue,R1,R2,R3,created_at,age,gender,education,city,country,section,R1Raw,R2Raw,R3Raw\n")
	for i, record := range records {
		fmt.Fprintf(&b, "%d,%s,2012-01-01 10:00:00,30,Fe,3,,Canada,set2012,,,\n", i+1, record)
	}
	return b.String()
}

// generated writes an invented complete file and its companions.
func generated(t *testing.T, size swowtest.Size) (file string, lists Lists) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, fill func(f *os.File) error) string {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err == nil {
			err = fill(f)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file = write("complete.csv", func(f *os.File) error { return swowtest.WriteComplete(f, size, 7) })
	return file, Lists{
		Lexicon:        write("words.txt", func(f *os.File) error { return swowtest.WriteLexicon(f) }),
		Spelling:       write("spelling.tsv", func(f *os.File) error { return swowtest.WriteSpelling(f) }),
		CueCorrections: write("cues.tsv", func(f *os.File) error { return swowtest.WriteCueCorrections(f, size) }),
		Variants:       write("variants.txt", func(f *os.File) error { return swowtest.WriteVariants(f, size) }),
	}
}

// TestBadParticipantsAreRemoved loads a file whose participants play known
// parts: each gets its status, and those on a limit stay.
func TestBadParticipantsAreRemoved(t *testing.T) {
	l := etltest.NewLake(t)
	file, lists := generated(t, swowtest.Size{Cues: 60, PerCue: 130})
	report := load(t, l, Options{Files: []string{file}, Lists: lists})
	if report.Rows != 7800 {
		t.Errorf("%d records, want 7800", report.Rows)
	}
	// The generator numbers participants in the file's order; those beyond
	// part 10 answer as people do.
	etltest.Expect(t, l, `select part, status, count(*) from (
			select (row_number() over (order by min(r.line)) - 1) % 40 as part, any_value(p.status) as status
			from raw.swow r join core.participant p using (source, participant_id) group by participant_id)
		where part < 10 group by part, status order by part`,
		"0|X|13", "1|Non-native|13", "2|Perseveration|13", "3|Verbose|13", "4|Valid|13", "5|Valid|13", "6|Valid|13",
		"7|Valid|13", "8|X|13", "9|X|13")
	etltest.Expect(t, l, "select count(*) from core.association where kept <> (kind = 'word' and coalesce(removed, '') not in "+
		"('X', 'Non-native', 'Perseveration', 'Verbose'))", "0")
	etltest.Expect(t, l, `select count(*) from (select cue, count(*) filter (where removed is null) as sampled,
			count(*) filter (where removed is null or removed in ('sample')) as n from core.association
		where position = 1 group by cue) where sampled < least(n, 100)
			and cue not in (select word from `+listTable(t, lists.Variants)+`)`, "0")
	etltest.Expect(t, l, "select population, count(distinct cue) from core.strength group by population order by population",
		"all|60", "official|58", "us|60")
	etltest.Expect(t, l, "select count(*) from core.strength s join "+listTable(t, lists.Variants)+" v on v.word = s.cue where population = 'official'", "0")
	etltest.Expect(t, l, "select count(*) from core.association where cue like '%x' or response like '%q'", "0")
	// Without a word list the rule about native words does not apply, and what
	// it tests is not known.
	other := etltest.NewLake(t)
	load(t, other, Options{Files: []string{file}})
	etltest.Expect(t, other, "select count(*) from core.participant where status = 'Non-native' or prop_english is not null", "0")
	etltest.Expect(t, other, "select distinct n, applied from core.removed where reason = 'Non-native'", "0|false")
}

// listTable is the lines of a file as a table in SQL.
func listTable(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []string
	for s := bufio.NewScanner(f); s.Scan(); {
		rows = append(rows, "('"+s.Text()+"')")
	}
	return "(select * from (values " + strings.Join(rows, ", ") + ") as t(word))"
}

// TestSample is step 8 by hand: the native speakers first, then the largest
// participantID; all that tie with the last one stay.
func TestSample(t *testing.T) {
	pack := smallPack(t, "sample: {size: 3, ties: true, key: {native: 1, participant: 1}}\n"+
		"native: [{rank: 3, labels: [United States]}, {rank: 2, labels: [Canada]}, {rank: 1, labels: [Ireland]}]\n")
	tests := map[string]struct {
		records []string // participant and native language
		want    []string // participants of the sample
	}{
		"fewer than the sample takes": {[]string{"1,Spanish", "2,Ireland"}, []string{"1", "2"}},
		"native speakers first":       {[]string{"9,Spanish", "8,Ireland", "1,United States", "2,Canada", "7,Ireland"}, []string{"1", "2", "8"}},
		"then the largest id":         {[]string{"10,Canada", "9,Canada", "11,Canada", "100,Canada"}, []string{"10", "100", "11"}},
		"no label ranks last":         {[]string{"9,NA", "1,Ireland", "2,Ireland", "3,Ireland"}, []string{"1", "2", "3"}},
		"ties stay": {[]string{"5,Canada", "4,Canada", "3,Canada", "3,Canada", "3,Canada", "2,Canada"},
			[]string{"3", "3", "3", "4", "5"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var records []string
			for _, r := range test.records {
				records = append(records, r+",tea,cup,,")
			}
			l := etltest.NewLake(t)
			load(t, l, Options{Files: []string{etltest.File(t, "f.csv", completeText(records...))}, Language: "xx", Pack: pack})
			etltest.Expect(t, l, "select participant_id from core.association where removed is null and position = 1 order by 1", test.want...)
			etltest.Expect(t, l, fmt.Sprintf("select n, n_kept from core.removed where unit = 'record' and reason = 'sample' and n_in = %d",
				len(records)), fmt.Sprintf("%d|%d", len(records)-len(test.want), len(test.want)))
		})
	}
}

// smallPack is a pack with the lines that it must have and some more.
func smallPack(t *testing.T, more string) *Language {
	t.Helper()
	pack, err := ParseLanguage("code: xx\nsource: swow-xx\npopulations: [{name: all}, " +
		"{name: official, where: sampled and not variant, omit_if_all: true}]\n" + more)
	if err != nil {
		t.Fatal(err)
	}
	return pack
}

// TestSampleWithoutTies is the Mandarin rule: a cue gives exactly so many
// records or none, and a draw that doesn't depend on the file's order decides
// among equals.
func TestSampleWithoutTies(t *testing.T) {
	pack := smallPack(t, "sample: {size: 2, minimum: 2, key: {given: 1, native: 0.5}}\nnative: [{rank: 1, labels: [PUTON]}]\n")
	records := []string{"1,WU,tea,a,b,c", "2,PUTON,tea,a,b,", "3,PUTON,tea,a,b,c", "4,WU,tea,a,b,c", "5,WU,tea,a,b,c", "6,WU,few,a,b,c"}
	const sampled = "select participant_id from core.association where removed is null and position = 1 order by 1"
	l, other := etltest.NewLake(t), etltest.NewLake(t)
	load(t, l, Options{Files: []string{etltest.File(t, "f.csv", completeText(records...))}, Language: "xx", Pack: pack})
	got := etltest.Query(t, l, sampled)
	if len(got) != 2 || !slices.Contains(got, "3") || slices.Contains(got, "2") {
		t.Errorf("sample of tea is %v, want 3 and one of 1, 4, 5", got)
	}
	etltest.Expect(t, l, "select distinct removed from core.association where cue = 'few'", "few")
	slices.Reverse(records)
	load(t, other, Options{Files: []string{etltest.File(t, "f.csv", completeText(records...))}, Language: "xx", Pack: pack})
	etltest.Expect(t, other, sampled, got...)
}

func TestSampleNeedsNumbers(t *testing.T) {
	pack := smallPack(t, "sample: {size: 1, ties: true, key: {participant: 1}}\n")
	text := completeText("p1,Canada,tea,cup,,", "p2,Canada,tea,cup,,")
	plan, err := Prepare(t.Context(), etltest.NewLake(t), Options{Files: []string{etltest.File(t, "f.csv", text)}, Pack: pack})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Load(t.Context()); err == nil || !strings.Contains(err.Error(), `participantID "p1" is not a number`) {
		t.Errorf("got %v", err)
	}
}

// TestSteps: which files the rules and the sample look at is the user's choice.
func TestSteps(t *testing.T) {
	raw := completeText("1,Canada,tea,,,", "2,Canada,tea,cup,hot,")
	cleaned := r100Text(`"tea",NA,NA,NA`, `"tea","cup","hot",NA`)
	for name, test := range map[string]struct {
		text  string
		steps Steps
		want  []string
	}{
		"complete":       {raw, AutoSteps, []string{"1|X", "2|Valid"}},
		"complete, none": {raw, NoSteps, []string{"1|<nil>", "2|<nil>"}},
		"r100":           {cleaned, "", []string{"1|<nil>", "2|<nil>"}},
		"r100, all":      {cleaned, AllSteps, []string{"1|X", "2|Valid"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := etltest.NewLake(t)
			load(t, l, Options{Files: []string{etltest.File(t, "f.csv", test.text)}, Steps: test.steps})
			etltest.Expect(t, l, "select participant_id, status from core.participant order by 1", test.want...)
		})
	}
}

func TestCorrections(t *testing.T) {
	l := etltest.NewLake(t)
	report := load(t, l, Options{Files: []string{etltest.File(t, "f.csv", r100Text(`"teaa","cupp","cup","leef"`, `"tea","hot","leef",NA`))}, Lists: Lists{
		Spelling:       etltest.File(t, "s.tsv", "cupp\tcup\nleef\tleaf\nleef\tlift\ntea\tnever\n"),
		CueCorrections: etltest.File(t, "c.tsv", "teaa\ttea\n"),
	}})
	etltest.Expect(t, l, `select cue, coalesce(response, '-'), kind from core.association order by line, "position"`,
		"tea|cup|word", "tea|leaf|word", "tea|cup|repeat", "tea|hot|word", "tea|leaf|word", "tea|-|missing")
	etltest.Expect(t, l, "select cue, r1 from raw.swow order by line", "teaa|cupp", "tea|hot")
	if len(report.Notes) != 2 {
		t.Errorf("notes: %q", report.Notes)
	}
	etltest.Expect(t, l, "select name, rows from meta.files order by name", "c.tsv|1", "f.csv|2", "s.tsv|4")
}

func TestListFaults(t *testing.T) {
	file := etltest.File(t, "f.csv", r100Text(`"tea","cup",NA,NA`))
	for name, test := range map[string]struct {
		lists Lists
		want  string
	}{
		"frequency list":   {Lists{Lexicon: etltest.File(t, "w.txt", "tea\ncup\t17\n")}, "w.txt:2: 2 cells"},
		"one column":       {Lists{Spelling: etltest.File(t, "s.tsv", "teh\tthe\ncupp\n")}, "s.tsv:2: 1 cells"},
		"empty line":       {Lists{Variants: etltest.File(t, "v.txt", "colour\n\n")}, "v.txt:2: empty line"},
		"empty correction": {Lists{CueCorrections: etltest.File(t, "c.tsv", "teh\tthe\nteaa\t\n")}, "c.tsv:2:6: no value"},
		"absent":           {Lists{Lexicon: "nowhere.txt"}, "nowhere.txt: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Prepare(t.Context(), etltest.NewLake(t), Options{Files: []string{file}, Language: "en", Lists: test.lists})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestMandarinPlaceholders is a fault that users reported of other tools:
// placeholders and masks counted as responses.
func TestMandarinPlaceholders(t *testing.T) {
	file := "testdata/SWOWZH.R55.csv"
	const strengths = "select cue, response, n123, total123 from core.strength where population = 'all' order by cue, n123 desc, response"
	kept, dropped := etltest.NewLake(t), etltest.NewLake(t)
	load(t, kept, Options{Files: []string{file}, Language: "zh"})
	etltest.Expect(t, kept, strengths, "苹果|iPhone|1|3", "苹果|水果|1|3", "苹果|红|1|3", "茶|水|2|4", "茶|绿茶|1|4", "茶|茶|1|4")
	etltest.Expect(t, kept, "select kind, count(*) from core.association group by kind order by kind",
		"long|1", "missing|6", "symbol|1", "unknown|3", "word|7")
	etltest.Expect(t, kept, "select layout, r3 from raw.swow where line = 3", "r55|0123456789abcdef0123456789abcdef")
	load(t, dropped, Options{Files: []string{file}, Language: "zh", SelfAnswers: DropSelf})
	etltest.Expect(t, dropped, strengths, "苹果|iPhone|1|3", "苹果|水果|1|3", "苹果|红|1|3", "茶|水|2|3", "茶|绿茶|1|3")
	etltest.Expect(t, dropped, "select n, applied from core.removed where reason = 'self'", "1|true")
}

// TestMandarinRaw cleans a file as collected: characters are folded, endings
// dropped, and words set aside for what they look like; the file's own text
// stays in raw.swow.
func TestMandarinRaw(t *testing.T) {
	text := mandarinText("蘋果,水果,花兒,一二三四五六七", "苹果,女儿,？！,花", "苹果,水,水,紅", "茶,沒有了,沒有了,沒有了")
	l := etltest.NewLake(t)
	load(t, l, Options{Files: []string{etltest.File(t, "zh.csv", text)}, Language: "zh", Steps: AllSteps})
	etltest.Expect(t, l, `select cue, coalesce(response, '-'), kind from core.association order by line, "position"`,
		"苹果|水果|word", "苹果|花|word", "苹果|一二三四五六七|long", "苹果|女儿|word", "苹果|？！|symbol", "苹果|花|word",
		"苹果|水|word", "苹果|红|word", "苹果|水|repeat", "茶|-|missing", "茶|-|missing", "茶|-|missing")
	etltest.Expect(t, l, "select layout, cue, r2 from raw.swow where line = 2", "raw-zh|蘋果|花兒")
	etltest.Expect(t, l, "select distinct removed from core.association", "few")
}

// mandarinText is a file in layout raw-zh whose records give "cue,R1,R2,R3".
func mandarinText(records ...string) string {
	var b strings.Builder
	b.WriteString("SequenceNumber,trialsID,participantID,created_at,age,nativeLanguage,gender,education,city,country,section,cue," +
		"R1Raw,R2Raw,R3Raw,R1,R2,R3\n")
	for i, r := range records {
		cue, responses, _ := strings.Cut(r, ",")
		fmt.Fprintf(&b, "%d,%d,1,2016-01-01 10:00:00,25,PUTON,F,3,,China,set1,%s,,,,%s\n", i, i, cue, responses)
	}
	return b.String()
}

func TestCueStatistics(t *testing.T) {
	l := etltest.NewLake(t)
	load(t, l, Options{Files: []string{etltest.File(t, "f.csv", r100Text(
		`"a","b","c","x"`, `"a","b","b","x"`, `"a","x",NA,NA`, `"a","Unknown word",NA,NA`,
		`"b","a",NA,NA`, `"c","b",NA,NA`, `"d","e",NA,NA`, `"e","d",NA,NA`, `"f","Unknown word",NA,NA`))}})
	etltest.Expect(t, l, `select cue, records, types1, types123, tokens1, tokens123, round(entropy1, 6), round(entropy123, 6),
			round(coverage1, 4), round(coverage123, 4), unknown_share, missing2_share, missing3_share, in_component1, in_component123
		from core.cue_stats where population = 'all' order by cue`,
		"a|4|2|3|3|6|0.918296|1.459148|0.6667|0.5|0.25|0.5|0.75|true|true",
		"b|1|1|1|1|1|0|0|1|1|0|1|1|true|true",
		"c|1|1|1|1|1|0|0|1|1|0|1|1|false|true",
		"d|1|1|1|1|1|0|0|1|1|0|1|1|false|false",
		"e|1|1|1|1|1|0|0|1|1|0|1|1|false|false",
		"f|1|0|0|0|0|<nil>|<nil>|<nil>|<nil>|1|1|1|false|false")
	etltest.Expect(t, l, "select response, n1, n123, cues1, cues123, is_cue from core.response_stats where population = 'all' order by response",
		"a|1|1|1|1|true", "b|3|3|2|2|true", "c|0|1|0|1|true", "d|1|1|1|1|true", "e|1|1|1|1|true", "x|1|3|1|1|false")
}
