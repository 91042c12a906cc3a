package norms

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alignctl/etl"
	"alignctl/etl/etltest"
	"alignctl/lake"
)

// mapping is a set from the text of a user's file.
func mapping(t *testing.T, text string) *Set {
	t.Helper()
	s, err := ParseSet("mine.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func builtin(t *testing.T, name string) *Set {
	t.Helper()
	s, err := FindSet(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func load(t *testing.T, l *lake.Lake, set *Set, files ...string) *etl.Report {
	t.Helper()
	return loadWith(t, l, Options{Set: set, Files: files})
}

func loadWith(t *testing.T, l *lake.Lake, o Options) *etl.Report {
	t.Helper()
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

// refused is the message of a file that isn't loaded.
func refused(t *testing.T, l *lake.Lake, o Options) string {
	t.Helper()
	_, err := Prepare(context.Background(), l, o)
	var fault *etl.ParseError
	if !errors.As(err, &fault) {
		t.Fatalf("want a *etl.ParseError, got %v", err)
	}
	return strings.TrimPrefix(err.Error(), filepath.Dir(fault.File)+"/")
}

// write puts text into a new file named name.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLegacyEncodings is case 12: lines that end in CR, ISO-8859-1, GB18030.
func TestLegacyEncodings(t *testing.T) {
	l := etltest.NewLake(t)
	report := load(t, l, builtin(t, "kuperman-aoa"), "testdata/12/aoa.csv")
	etltest.Expect(t, l, "select word, length(word), strlen(word), mean, sd from raw.norm order by line",
		"naïve|5|6|9.5|2.1", "façade|6|7|10.25|1.9", "tea|3|3|3.75|0.8")
	if notes := strings.Join(report.Files[0].Notes(), ", "); notes != "encoding iso-8859-1, lines end in CR" {
		t.Errorf("notes: %s", notes)
	}
	load(t, l, builtin(t, "xu-li-chen-2022"), "testdata/12/zh.csv")
	const words = `select word, dimension, mean from raw.norm where language = 'zh' order by line, dimension`
	want := []string{"茶|arousal|1", "茶|valence|1.2", "战争|arousal|3.5", "战争|valence|-2.5"}
	etltest.Expect(t, l, words, want...)
	again := loadWith(t, l, Options{Set: builtin(t, "xu-li-chen-2022"), Files: []string{"testdata/12/zh.csv"},
		CheckOptions: etl.CheckOptions{Encoding: "gb18030"}})
	if !again.Unchanged() {
		t.Error("the declared encoding gives other rows than the detected one")
	}
}

func TestUndeclaredEncodingIsRefused(t *testing.T) {
	l := etltest.NewLake(t)
	set := mapping(t, "language: zh\nword: word\ndimensions:\n  valence: {low: -3, high: 3, mean: valence}\nignore: [arousal]\n")
	message := refused(t, l, Options{Set: set, Files: []string{"testdata/12/zh.csv"}})
	if !strings.HasPrefix(message, "zh.csv:2:1: byte 0xB2 is not UTF-8; ") {
		t.Errorf("message: %s", message)
	}
	etltest.Expect(t, l, "select count(*) from information_schema.tables where table_name = 'norm'", "0")
}

// TestCommonScale is case 14: two sets with scales of their own, one reversed.
func TestCommonScale(t *testing.T) {
	l := etltest.NewLake(t)
	load(t, l, builtin(t, "xu-li-chen-2022"), "testdata/14/va.csv")
	report := load(t, l, builtin(t, "xu-li-2020"), "testdata/14/conc.csv")
	if len(report.Notes) != 1 || report.Notes[0] != "concreteness from 1 to 5, reversed, becomes 1 to 5" {
		t.Errorf("notes: %v", report.Notes)
	}
	const wide = `select word, max(value) filter (where dimension = 'valence') v, max(value) filter (where dimension = 'arousal') a,
		max(value) filter (where dimension = 'concreteness') c from core.norm group by word order by word`
	etltest.Expect(t, l, "select word, v, a, c from ("+wide+")", "战争|1.8|8.2|3.8", "自由|7.8|5.8|1.8", "茶|7|3|4.6")
	etltest.Expect(t, l, "select word from core.norm where dimension = 'concreteness' and value >= 3 order by word", "战争", "茶")
	etltest.Expect(t, l, "select word, original, scale_low, scale_high, reversed from core.norm where dimension = 'concreteness' order by word",
		"战争|2.2|1|5|true", "自由|4.2|1|5|true", "茶|1.4|1|5|true")
}

func TestOutOfScaleIsRefused(t *testing.T) {
	path := write(t, "va.csv", "Word,Valence_Mean,Arousal_Mean\n茶,1.5,1\n战争,5,2\n")
	message := refused(t, etltest.NewLake(t), Options{Set: builtin(t, "xu-li-chen-2022"), Files: []string{path}})
	if !strings.HasPrefix(message, `va.csv:3:8: 5 in column "Valence_Mean" is outside -3 to 3; `) {
		t.Errorf("message: %s", message)
	}
}

// TestHeaders is case 16: no header line, an empty header cell, words that other
// readers take for something else, a last line without an end.
func TestHeaders(t *testing.T) {
	l := etltest.NewLake(t)
	load(t, l, builtin(t, "nrc-vad"), "testdata/16/NRC-VAD-Lexicon.txt")
	load(t, l, builtin(t, "warriner"), "testdata/16/BRM-emot-submit.csv")
	etltest.Expect(t, l, `select source, word, string_agg(mean || '/' || coalesce(n::varchar, '-') || ' of ' || scale_high, ' ' order by dimension)
		from raw.norm group by source, word order by source, word`,
		"nrc-vad|abide|0.25/- of 1.0 0.48/- of 1.0 0.61/- of 1.0", "nrc-vad|nan|0.2/- of 1.0 0.35/- of 1.0 0.7/- of 1.0",
		"nrc-vad|zest|0.77/- of 1.0 0.66/- of 1.0 0.82/- of 1.0", "warriner|kettle|3.1/21 of 9.0 5.2/22 of 9.0 5.8/20 of 9.0",
		"warriner|nan|3.0/20 of 9.0 5.1/21 of 9.0 6.4/19 of 9.0", "warriner|true|4.2/20 of 9.0 6.0/20 of 9.0 6.9/20 of 9.0")
	headed := write(t, "headed.txt", "Word\tValence\tArousal\tDominance\nabide\t0.61\t0.25\t0.48\nnan\t0.70\t0.20\t0.35\nzest\t0.82\t0.77\t0.66\n")
	loadWith(t, l, Options{Set: builtin(t, "nrc-vad"), Files: []string{headed}, Source: "headed"})
	etltest.Expect(t, l, `select count(*) from (select word, dimension, value, original from core.norm where source = 'headed'
		except select word, dimension, value, original from core.norm where source = 'nrc-vad')`, "0")
	etltest.Expect(t, l, "select count(*) from core.norm where source = 'headed'", "9")
}

// TestHeaderlessOutOfScale sees that the first record of a file without header
// is told as what it is, not as a header.
func TestHeaderlessOutOfScale(t *testing.T) {
	path := write(t, "vad.txt", "abide\t-0.61\t0.25\t0.48\n")
	message := refused(t, etltest.NewLake(t), Options{Set: builtin(t, "nrc-vad"), Files: []string{path}})
	if !strings.HasPrefix(message, `vad.txt:1:7: -0.61 in column "Valence" is outside 0 to 1; `) {
		t.Errorf("message: %s", message)
	}
}
