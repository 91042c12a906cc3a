package main

import (
	"bytes"
	"encoding/csv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"alignctl/demo"
)

// The files that alignctl carries are what the generator makes.
func TestEmbeddedFilesAreRegenerated(t *testing.T) {
	folder := t.TempDir()
	if err := writeFiles(folder); err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, f := range demo.Files() {
		made, err := os.ReadFile(filepath.Join(folder, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(made, f.Data) {
			t.Errorf("%s differs from what the generator makes: go run ./demo/gen", f.Name)
		}
		size += len(f.Data)
	}
	if size >= 1_700_000 {
		t.Errorf("the corpus has %d bytes, too many to carry in the binary", size)
	}
}

// A compound draws from two lists; a word in both would be drawn twice in a row.
func TestListsOfACompoundAreDisjoint(t *testing.T) {
	for name, lang := range languages() {
		lex, err := parseLexicon(lang.lexicon)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range makeCues(lex, lang.joint) {
			seen := map[string]bool{c.text: true}
			for _, w := range c.pool {
				if seen[w.value] {
					t.Errorf("%s: cue %q has response %q twice, or it is the cue", name, c.text, w.value)
				}
				seen[w.value] = true
			}
		}
	}
}

// trial is a parsed row; a bare NA and a quoted one read alike here, so the tests of the traps look at the bytes.
type trial struct {
	participant, native, country, cue string
	responses                         []string
}

func readTrials(t *testing.T, data []byte) []trial {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var trials []trial
	for _, r := range rows[1:] {
		trials = append(trials, trial{participant: r[2], native: r[5], country: r[6], cue: r[9], responses: r[10:13]})
	}
	return trials
}

func TestEveryCueHasItsRowsFromDifferentParticipants(t *testing.T) {
	for _, f := range demo.Files(demo.Associations) {
		rows, pairs := map[string]int{}, map[string]bool{}
		for _, tr := range readTrials(t, f.Data) {
			rows[tr.cue]++
			pair := tr.participant + "\x00" + tr.cue
			if pairs[pair] {
				t.Errorf("%s: participant %s meets cue %q twice", f.Name, tr.participant, tr.cue)
			}
			pairs[pair] = true
		}
		for cue, n := range rows {
			if n != answersPerCue {
				t.Errorf("%s: cue %q has %d rows, want %d", f.Name, cue, n, answersPerCue)
			}
		}
	}
}

// What a model can learn: the five strongest responses of a compound are those that its parts' lists say. Chance may
// move some, so the share is held, not each cue.
func TestCompoundsFollowTheirParts(t *testing.T) {
	for _, f := range demo.Files(demo.Associations) {
		lang := languages()[f.Name]
		lex, err := parseLexicon(lang.lexicon)
		if err != nil {
			t.Fatal(err)
		}
		trials := readTrials(t, f.Data)
		if f.Language == "en" {
			trials = slices.DeleteFunc(trials, func(tr trial) bool { return !isUS(tr) })
		}
		counts := countResponses(trials)
		hits, total := 0, 0
		for _, m := range lex.modifiers {
			for _, h := range lex.heads {
				want := []string{h.associates[0], m.associates[0], h.associates[1], m.associates[1], h.associates[2]}
				top := strongest(counts[m.word+lang.joint+h.word], len(want))
				for _, w := range want {
					total++
					if slices.Contains(top, w) {
						hits++
					}
				}
			}
		}
		share := float64(hits) / float64(total)
		t.Logf("%s: parts predict %.3f of the five strongest responses", f.Name, share)
		if share < 0.85 {
			t.Errorf("%s: parts predict %.3f of the five strongest responses, want 0.85", f.Name, share)
		}
	}
}

func isUS(tr trial) bool { return tr.native == "United States" && tr.country == "United States" }

func countResponses(trials []trial) map[string]map[string]int {
	counts := map[string]map[string]int{}
	for _, tr := range trials {
		if counts[tr.cue] == nil {
			counts[tr.cue] = map[string]int{}
		}
		for _, r := range tr.responses {
			if r != "NA" && r != unknownToken {
				counts[tr.cue][r]++
			}
		}
	}
	return counts
}

func strongest(counts map[string]int, k int) []string {
	words := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(words, func(a, b string) int { return counts[b] - counts[a] })
	return words[:min(k, len(words))]
}

func TestTrapsArePresent(t *testing.T) {
	for _, f := range demo.Files(demo.Associations) {
		text := string(f.Data)
		for _, want := range []string{
			`,"null"`, `,"NA"`, `,"true"`, `"Unknown word",NA,NA` + "\n", `",NA,NA` + "\n", `",NA` + "\n", `",NA,"`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s holds no %q", f.Name, want)
			}
		}
		same := map[[2]int]int{}
		for _, tr := range readTrials(t, f.Data) {
			for _, p := range [][2]int{{0, 1}, {1, 2}, {0, 2}} {
				if tr.responses[p[0]] == tr.responses[p[1]] && tr.responses[p[0]] != "NA" {
					same[p]++
				}
			}
		}
		if len(same) != 3 {
			t.Errorf("%s: repeated responses by positions are %v, want all three pairs", f.Name, same)
		}
	}
}

func TestUSPopulationIsAProperPart(t *testing.T) {
	both, native, country, all := 0, 0, 0, 0
	for _, tr := range readTrials(t, demo.Files()[0].Data) {
		all++
		if isUS(tr) {
			both++
		}
		if tr.native == "United States" {
			native++
		}
		if tr.country == "United States" {
			country++
		}
	}
	if both == 0 || both >= native || both >= country || country >= all {
		t.Errorf("rows: %d us, %d native, %d country, %d all; want each smaller than the next", both, native, country, all)
	}
}

func TestParseLexiconNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"# note\nverb go: a, b":       `line 2: unknown kind "verb"`,
		"head boat: sea, sail":        `line 1: word "boat" has 2 associates, want 8`,
		"\n\nmodifier paper a b c d ": "line 3",
	} {
		if _, err := parseLexicon(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parseLexicon(%q): got error %v, want one with %q", text, err, want)
		}
	}
}
