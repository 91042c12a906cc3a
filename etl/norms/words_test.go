package norms

import (
	"slices"
	"strings"
	"testing"

	"alignctl/etl/etltest"
)

const conc = "language: en\nsenses: true\nword: word\ndimensions:\n  concreteness: {low: 1, high: 7, mean: m, sd: s, n: n}\n"

func TestHomographs(t *testing.T) {
	l := etltest.NewLake(t)
	path := write(t, "glasgow.csv", "word,m,s,n\nbank (money),6,1,10\nbank (river),3,1,30\nbat,4,1.5,9\nbat (animal),7,1,9\n"+
		"bark (of dog),5.5,0.3,4\n\"smile :)\",2,1,5\n(odd),1,1,1\nclub (),4,1,8\n")
	report := load(t, l, mapping(t, conc), path)
	etltest.Expect(t, l, "select word, headword, sense from raw.norm order by line",
		"bank (money)|bank|money", "bank (river)|bank|river", "bat|bat|<nil>", "bat (animal)|bat|animal",
		"bark (of dog)|bark|of dog", "smile :)|smile :)|<nil>", "(odd)|(odd)|<nil>", "club ()|club ()|<nil>")
	etltest.Expect(t, l, "select word, original, value, sd, n, records, senses, rule from core.norm where word like 'ba%' order by word",
		"bank|3.75|2.833333333|<nil>|40|2|2|senses", "bark|5.5|4|0.2|4|1|1|single", "bat|4|3|1|9|1|1|bare")
	for _, want := range []string{
		"words with several records: 1 (bank, ...): the mean over the senses, weighted by raters where all tell them",
		"words with several records: 1 (bat, ...): the rating without a sense counts, raw.norm has those of the senses",
		"concreteness from 1 to 7 becomes 1 to 5",
	} {
		if !slices.Contains(report.Notes, want) {
			t.Errorf("no note %q in %q", want, report.Notes)
		}
	}
}

func TestRepeatedWords(t *testing.T) {
	l := etltest.NewLake(t)
	path := write(t, "a.csv", "word,m,s,n\ntea,2,1,10\ntea,5,1,20\n tea\u00a0,5,1,30\ncup,2,1,10\ncup,3,1,\n")
	load(t, l, mapping(t, conc), path)
	etltest.Expect(t, l, "select word, original, sd, n, records, rule from core.norm order by word",
		"cup|2.5|<nil>|<nil>|2|repeated", "tea|4.5|<nil>|60|3|repeated")
}

func TestSpellingsStayWords(t *testing.T) {
	l := etltest.NewLake(t)
	report := load(t, l, mapping(t, conc), write(t, "a.csv", "word,m,s,n\nCoke,6,1,10\ncoke,5,1,20\nStraße,4,1,9\n"))
	etltest.Expect(t, l, "select word, folded, original from core.norm order by word", "Coke|coke|6", "Straße|strasse|4", "coke|coke|5")
	const want = "words with several spellings: 1 (Coke and coke, ...)"
	if !slices.ContainsFunc(report.Notes, func(n string) bool { return strings.HasPrefix(n, want) }) {
		t.Errorf("notes: %q", report.Notes)
	}
}

func TestRecordWithoutMean(t *testing.T) {
	l := etltest.NewLake(t)
	report := load(t, l, builtin(t, "kuperman-aoa"), write(t, "aoa.csv", "Word,AoA_Kup,Perc_known\ntea,3.5,1\nzyzzyva,NA,0.02\n"))
	etltest.Expect(t, l, "select word, mean, known from raw.norm order by line", "tea|3.5|1", "zyzzyva|<nil>|0.02")
	etltest.Expect(t, l, "select word, value, value_low, value_high from core.norm", "tea|3.5|0|25")
	const want = "records without a mean, which give core.norm no value: 1 (zyzzyva, ...)"
	if !slices.Contains(report.Notes, want) || report.Rows != 2 {
		t.Errorf("%d records; notes: %q", report.Rows, report.Notes)
	}
}

// TestSourceHoldsItsFiles sees that a source holds the files of its last load,
// with those before under Append, and that other sources stay.
func TestSourceHoldsItsFiles(t *testing.T) {
	l := etltest.NewLake(t)
	set := mapping(t, conc)
	one, two := write(t, "1.csv", "word,m,s,n\ntea,2,1,10\n"), write(t, "2.csv", "word,m,s,n\ncup,3,1,10\ntea,6,1,30\n")
	loadWith(t, l, Options{Set: set, Files: []string{one}, Source: "other"})
	load(t, l, set, one)
	loadWith(t, l, Options{Set: set, Files: []string{two}, Append: true})
	const values = "select source, word, original, records from core.norm order by source, word"
	etltest.Expect(t, l, values, "mine|cup|3|1", "mine|tea|5|2", "other|tea|2|1")
	load(t, l, set, two)
	etltest.Expect(t, l, values, "mine|cup|3|1", "mine|tea|6|1", "other|tea|2|1")
	if again := load(t, l, set, two); !again.Unchanged() {
		t.Errorf("the same file moved %+v", again.Tables)
	}
}

func TestScaleMustStayThatOfTheSource(t *testing.T) {
	l := etltest.NewLake(t)
	load(t, l, mapping(t, conc), write(t, "1.csv", "word,m,s,n\ntea,2,1,10\n"))
	other := mapping(t, strings.Replace(conc, "high: 7", "high: 5", 1))
	p, err := Prepare(t.Context(), l, Options{Set: other, Files: []string{write(t, "2.csv", "word,m,s,n\ncup,2,1,10\n")}, Append: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Load(t.Context()); err == nil || !strings.Contains(err.Error(), `audit "norms.mine.scales" failed`) {
		t.Errorf("got %v", err)
	}
	etltest.Expect(t, l, "select count(*) from core.norm", "1")
}

func TestDecimalComma(t *testing.T) {
	l := etltest.NewLake(t)
	set := mapping(t, "language: de\ndelimiters: \";\"\ndecimal_comma: true\nword: Wort\ndimensions:\n"+
		"  valence: {low: -3, high: 3, mean: Valenz, n: N}\nignore: [\"*\"]\n")
	load(t, l, set, write(t, "de.csv", "Wort;Valenz;N;Bemerkung\nTee;1,5;20;gut, warm\nKrieg;-3;20,0;\n"))
	etltest.Expect(t, l, "select word, value, original, n from core.norm order by word", "Krieg|1|-3|20", "Tee|7|1.5|20")
}

// TestTraditionalCharacters loads the published form of CVAW and a simplified
// copy: they are looked up alike.
func TestTraditionalCharacters(t *testing.T) {
	l := etltest.NewLake(t)
	load(t, l, builtin(t, "cvaw"), write(t, "cvaw.txt",
		"No.\tWord\tValence_Mean\tArousal_Mean\tValence_SD\tArousal_SD\r\n1\t戰爭\t1.8\t8.2\t0.4\t0.5\r\n2\t茶\t7\t3\t1\t1\r\n"))
	etltest.Expect(t, l, "select word, folded, dimension, value, sd from core.norm order by word, dimension",
		"戰爭|战争|arousal|8.2|0.5", "戰爭|战争|valence|1.8|0.4", "茶|茶|arousal|3|1", "茶|茶|valence|7|1")
	load(t, l, builtin(t, "cvaw"), write(t, "cvaw.csv", "Word,valence,arousal\n战争,1.8,8.2\n"))
	etltest.Expect(t, l, "select word, folded, dimension, value, sd from core.norm order by word, dimension",
		"战争|战争|arousal|8.2|<nil>", "战争|战争|valence|1.8|<nil>")
}
