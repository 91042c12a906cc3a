package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A sample is a small good file of a source, of which bad ones are made.
type sample struct {
	name     string
	load     string // the command that loads a file
	cut      string // what sets cells apart
	unquoted bool   // a " is a character like any other
	header   string
	records  []string // three of them
	number   int      // a column that holds numbers
	required int      // a column that must have a value
	count    string   // SQL: how many records the lake holds
}

// samples are those of every source.
func samples() []sample {
	return []sample{
		{
			name: "swow", load: "etl swow --lang en --source s", cut: ",",
			header: `"",id,participantID,age,gender,nativeLanguage,country,education,created_at,cue,R1,R2,R3`,
			records: []string{
				`1,1,1,25,Ma,Canada,Canada,2,2013-05-05 12:01:00,tea,cup,hot,NA`,
				`2,2,2,,Fe,Canada,Canada,2,2013-05-05 12:02:00,null,nan,true,leaf`,
				`3,3,3,25,X,Canada,Canada,NA,2013-05-05 12:03:00,"NA",NULL,none,"say ""ah"""`,
			},
			number: 3, required: 9, count: "select count(*) from raw.swow",
		},
		{
			name: "strength", load: "etl strength --lang en --source s", cut: "\t", unquoted: true,
			header:  "cue\tresponse\tR1\tN\tR1.Strength",
			records: []string{"tea\tcup\t3\t4\t0.75", "null\tnan\t2\t2\t1", "NA\t\"NULL\"\t1\t1\t1"},
			number:  2, required: 0, count: "select count(*) from raw.strength",
		},
		{
			name: "norms", load: "etl norms --set brysbaert --source s", cut: "\t",
			header: "Word\tBigram\tConc.M\tConc.SD\tUnknown\tTotal\tPercent_known\tSUBTLEX\tDom_Pos",
			records: []string{"null\t0\t1.5\t0.9\t1\t30\t0.97\t12\t0", "NA\t0\t4\t1.2\t0\t29\t1\t0\tNoun",
				"ice cream\t1\t5\t0\t0\t30\t1\t7\t#N/A"},
			number: 2, required: 0, count: "select count(*) from raw.norm",
		},
		{
			name: "wvs", load: "etl wvs --source s", cut: ";",
			header:  `B_COUNTRY;B_COUNTRY_ALPHA;D_INTERVIEW;W_WEIGHT;"Q1";"Q122";"Q164"`,
			records: []string{`901;"XNL";1;0.9;1;0;10`, `901;"XNL";2.0;1.1;-2;2.0;1`, `901;"XNL";3E0;1;4;1;-1`},
			number:  4, required: 1, count: "select count(*) from raw.wvs_respondent",
		},
	}
}

// lines makes a file.
func lines(list ...string) string { return strings.Join(list, "\n") + "\n" }

// file is the sample's with other records.
func (s sample) file(records ...string) string {
	return lines(slices.Insert(slices.Clone(records), 0, s.header)...)
}

// second is the sample's file with another second record: its line is 3.
func (s sample) second(record string) string { return s.file(s.records[0], record, s.records[2]) }

// cells are those of the second record, in which no cell holds a delimiter.
func (s sample) cells() []string { return strings.Split(s.records[1], s.cut) }

// with is the sample's file with another cell in the second record.
func (s sample) with(column int, cell string) string {
	cells := s.cells()
	cells[column] = cell
	return s.second(strings.Join(cells, s.cut))
}

// last is with of the last column.
func (s sample) last(cell string) string { return s.with(len(s.cells())-1, cell) }

// A badInput is a way in which files go wrong.
type badInput struct {
	name string
	file func(s sample) string
	want string // what is said behind the file's name: place, reason; cure
	bad  int64  // records that --reject sets aside; 0: the file is refused all the same
	good int64  // records beside them; 0: the rest of the sample's
}

// badInputs are the ways that files of every source share; those with quotes
// only where quotes count.
func badInputs(quotes bool) []badInput {
	list := []badInput{
		{"empty", func(sample) string { return "" }, `: file is empty; is the download complete`, 0, 0},
		{"header only", func(s sample) string { return s.file() }, `:1: no record after the header; is the file`, 0, 0},
		{"something else", func(sample) string { return lines("c0", "v0", "a;b") }, `:1(:1)?: column .*; `, 0, 0},
		{"no header", func(s sample) string { return lines(s.records...) }, `:1(:\d+)?: column .*; `, 0, 0},
		{"column twice", column(func(s sample, cells []string) []string { return append(cells, cells[len(cells)-1]) }),
			`:1:\d+: column ".*" stands twice in the header; remove`, 0, 0},
		{"column missing", column(func(s sample, cells []string) []string { return slices.Delete(cells, s.required, s.required+1) }),
			`:1: column ".*" of layout .* is missing; add`, 0, 0},
		{"UTF-16", func(sample) string { return "\xff\xfec\x00\n\x00" }, `:1: file is UTF-16; save it as UTF-8`, 0, 0},
		{"gzip", func(sample) string { return "\x1f\x8b\x08\x00\n" }, `:1: file is compressed by gzip; decompress`, 0, 0},
		{"spreadsheet", func(sample) string { return "PK\x03\x04\n" }, `:1: file is a zip archive or a spreadsheet; extract`, 0, 0},
		{"cell missing", func(s sample) string { return s.second(strings.Join(s.cells()[1:], s.cut)) },
			`:3: \d+ cells where the header has \d+; look for`, 1, 0},
		{"cell too many", func(s sample) string { return s.second(s.records[1] + s.cut + "x") },
			`:3: \d+ cells where the header has \d+; look for`, 1, 0},
		{"empty line", func(s sample) string { return s.second("") }, `:3: empty line; remove it`, 1, 0},
		{"NUL", func(s sample) string { return s.last("a\x00b") }, `:3:\d+: NUL byte; remove it`, 1, 0},
		{"control character", func(s sample) string { return s.last("a\x07b") }, `:3:\d+: control character 0x07; remove it`, 1, 0},
		{"carriage return", func(s sample) string { return s.last("a\rb") }, `:3:\d+: carriage return inside a line; end`, 1, 0},
		{"ends differ", func(s sample) string { return s.second(s.records[1] + "\r") }, `:3:\d+: line ends differ within the file; end`, 1, 0},
		{"wrong encoding", func(s sample) string { return s.last("caf\xe9") }, `:3:\d+: byte 0xE9 is not UTF-8; say what it is by --encoding`, 1, 0},
		{"long line", func(s sample) string { return s.last(strings.Repeat("x", 3<<20)) }, `:3: line longer than 1048576 bytes; look for`, 1, 0},
		{"no number", func(s sample) string { return s.with(s.number, "x") }, `:3:\d+: "x" in column ".*" is not a .* number.*; correct it`, 1, 0},
		{"no value", func(s sample) string { return s.with(s.required, "") }, `:3:\d+: no value in column ".*"; remove the record or fill it in`, 1, 0},
		{"nothing good", func(s sample) string { return s.file("x") }, `:2: 1 cells where the header has \d+; look for`, 0, 0},
	}
	if quotes {
		list = append(list,
			badInput{"quote open", func(s sample) string { return s.last(`"x`) }, `:3:\d+: quote opened here is not closed on this line; close it`, 1, 0},
			badInput{"quote within", func(s sample) string { return s.last(`x"y`) }, `:3:\d+: quote inside an unquoted cell; enclose`, 1, 0},
			badInput{"text behind quote", func(s sample) string { return s.last(`"x"y`) }, `:3:\d+: text after a closing quote; double`, 1, 0},
		)
	}
	return list
}

// column makes a file whose columns are changed in the header and in every
// record alike.
func column(change func(s sample, cells []string) []string) func(sample) string {
	return func(s sample) string {
		var out []string
		for _, line := range append([]string{s.header}, s.records...) {
			out = append(out, strings.Join(change(s, strings.Split(line, s.cut)), s.cut))
		}
		return lines(out...)
	}
}

// dialects are forms in which the same records may come.
var dialects = map[string]func(s sample) string{
	"as it is":        func(s sample) string { return s.file(s.records...) },
	"byte order mark": func(s sample) string { return "\ufeff" + s.file(s.records...) },
	"CR LF":           func(s sample) string { return strings.ReplaceAll(s.file(s.records...), "\n", "\r\n") },
	"CR":              func(s sample) string { return strings.ReplaceAll(s.file(s.records...), "\n", "\r") },
	"no last end":     func(s sample) string { return strings.TrimSuffix(s.file(s.records...), "\n") },
	"columns turned round": column(func(_ sample, cells []string) []string {
		cells = slices.Clone(cells)
		slices.Reverse(cells)
		return cells
	}),
}

// A bench is a lake on which one source's files are tried.
type bench struct {
	*testing.T
	sample
	state string // of the lake, as held gave it last
}

// alignctl runs a command line and gives its exit code and what it printed.
func (b *bench) alignctl(args ...string) (code int, out, errOut string) {
	b.Helper()
	var stdout, stderr bytes.Buffer
	code = run(b.Context(), append([]string{"alignctl"}, args...), strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// load loads a file, with more flags.
func (b *bench) load(content string, flags ...string) (code int, errOut string) {
	b.Helper()
	if err := os.WriteFile("raw.csv", []byte(content), 0o644); err != nil {
		b.Fatal(err)
	}
	code, _, errOut = b.alignctl(slices.Concat(strings.Fields(b.sample.load), flags, []string{"raw.csv"})...)
	return code, errOut
}

// held is how many records the lake holds, and the number of its runs.
func (b *bench) held() string {
	b.Helper()
	code, out, errOut := b.alignctl("sql", "-o", "csv", "select ("+b.count+"), count(*) from meta.runs")
	if code != exitDone {
		b.Fatal(errOut)
	}
	b.state = strings.Split(out, "\n")[1]
	return b.state
}

// TestBadInput goes through the matrix of bad files for every source. A bad file
// is refused with place, reason and cure, and nothing moves; under --reject, its
// bad records are set aside and counted, and the others are loaded, all of them.
func TestBadInput(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			b := &bench{T: t, sample: s}
			b.alignctl("init")
			for name, file := range dialects {
				if code, errOut := b.load(file(s)); code != exitDone || !strings.HasPrefix(b.held(), "3,") {
					t.Errorf("%s: code %d, %s records and runs: %s", name, code, b.state, errOut)
				}
			}
			for _, bad := range append(badInputs(!s.unquoted), special[s.name]...) {
				b.refuses(bad)
				b.rejects(bad)
			}
		})
	}
}

// refuses expects the file to be refused, and the lake to be as before.
func (b *bench) refuses(bad badInput) {
	b.Helper()
	before := b.state
	code, errOut := b.load(bad.file(b.sample))
	if want := "(?m)^alignctl: raw.csv" + bad.want; code != exitFailed || !regexp.MustCompile(want).MatchString(errOut) {
		b.Errorf("%s: code %d, %.300q, want %s", bad.name, code, errOut, want)
	}
	if after := b.held(); after != before {
		b.Errorf("%s: records and runs were %s, are %s", bad.name, before, after)
	}
}

// rejects expects the bad records to be set aside, and all others to be there.
func (b *bench) rejects(bad badInput) {
	b.Helper()
	os.Remove("bad.csv")
	code, errOut := b.load(bad.file(b.sample), "--reject", "bad.csv")
	if bad.bad == 0 {
		if _, err := os.Stat("bad.csv"); code != exitFailed || err == nil {
			b.Errorf("%s: with --reject code %d, file of bad records %v", bad.name, code, err)
		}
		return
	}
	records := b.rejected("bad.csv")
	if code != exitPartial || int64(len(records)) != bad.bad {
		b.Errorf("%s: with --reject code %d, %.300q, %d bad records", bad.name, code, errOut, len(records))
		return
	}
	told := fmt.Sprintf(":%s:%s: %s; %s", records[0][1], records[0][2], records[0][3], records[0][4])
	if told = strings.Replace(told, ":0:", ":", 1); !regexp.MustCompile("^" + bad.want).MatchString(told) {
		b.Errorf("%s: set aside with %q, want %s", bad.name, told, bad.want)
	}
	good := cmp.Or(bad.good, int64(len(b.records))-bad.bad)
	if held := b.held(); !strings.HasPrefix(held, fmt.Sprint(good, ",")) {
		b.Errorf("%s: with --reject %s records and runs, want %d", bad.name, held, good)
	}
}

// rejected reads a file of bad records.
func (b *bench) rejected(path string) [][]string {
	b.Helper()
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		b.Fatalf("%s: %d rows, %v", path, len(rows), err)
	}
	return rows[1:]
}

// special are the ways in which the files of one source go wrong.
var special = map[string][]badInput{
	"swow": {
		{"cells too many far down", func(s sample) string {
			return s.file(slices.Concat(slices.Repeat(s.records[:2], 500), slices.Repeat([]string{s.records[1] + ",x"}, 300))...)
		}, `:1002: 14 cells where the header has 13; look for`, 300, 1000},
		{"no such day", func(s sample) string { return s.with(8, "2013-02-30 12:00:00") }, `:3:\d+: "2013-02-30 12:00:00" in column "created_at" is not a time`, 1, 0},
		{"columns swapped", func(s sample) string {
			return strings.Replace(s.file(s.records...), "age,gender", "gender,age", 1)
		}, `:2:10: "Ma" in column "age" is not a whole number .*; correct it`, 0, 0},
	},
	"strength": {
		{"share", func(s sample) string { return s.last("0.9") }, `:3:\d+: strength 0.9 is not 2 / 2; correct it`, 1, 0},
		{"pair twice", func(s sample) string { return s.second(s.records[0]) }, `:3:\d+: response "cup" to cue "tea" stands twice; remove`, 1, 0},
		{"no count", func(s sample) string { return s.with(s.number, "-1") }, `:3:\d+: -1 in column "R1" is outside 1 to .*; correct it`, 1, 0},
	},
	"norms": {
		{"off the scale", func(s sample) string { return s.with(s.number, "5.5") }, `:3:\d+: 5.5 in column "Conc.M" is outside 1 to 5; correct it`, 1, 0},
		{"other set", func(sample) string { return "Word\tConc\ntea\t1\n" }, `:1(:\d+)?: column .*; `, 0, 0},
		{"share above 1", func(s sample) string { return s.with(6, "97") }, `:3:\d+: 97 in column "Percent_known" is outside 0 to 1; correct it`, 1, 0},
	},
	"wvs": {
		{"code outside its question", func(s sample) string { return s.with(s.number, "7") }, `:3:\d+: 7 in column "Q1" is no code of the question: answers are 1-4`, 1, 0},
		{"zero where it is no answer", func(s sample) string { return s.last("0") }, `:3:\d+: 0 in column "Q164" is no code of the question`, 1, 0},
		{"respondent twice", func(s sample) string { return s.second(s.records[0]) }, `:3:\d+: respondent 1 of XNL stands twice in the file; remove`, 1, 0},
		{"negative weight", func(s sample) string { return s.with(3, "-1") }, `:3:\d+: -1 in column "W_WEIGHT" is negative.*; correct it`, 1, 0},
		{"line of averages", func(s sample) string { return s.second(";;;1;2.5;0.9;5.5") }, `:3:\d+: no value in column "B_COUNTRY".*; remove`, 1, 0},
		{"average of a country", func(s sample) string { return s.with(s.number, "2.5") }, `:3:\d+: "2.5" in column "Q1" is not a whole number; correct it`, 1, 0},
		{"labels for codes", func(sample) string { return lines("B_COUNTRY_ALPHA: country;Q1: family", "Northland;a lot") },
			`:1:\d+: header ".*" has a label: .*; take the file with codes`, 0, 0},
	},
}
