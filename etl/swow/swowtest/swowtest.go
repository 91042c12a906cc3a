// Package swowtest makes invented Small World of Words files of any size, for
// tests and measurements. Their statistics are roughly those of the English
// R100 file: about as many different responses a cue, missing slots, and
// participants inside and outside the United States. Their words are none.
package swowtest

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"
)

// A Size says how large a file is: Cues times PerCue records.
type Size struct{ Cues, PerCue int }

// R100 is the size of the English R100 file, rounded: 1.2 million records.
var R100 = Size{Cues: 12_000, PerCue: 100}

const (
	vocabulary = 60_000 // different responses over all cues
	associates = 260    // different responses that one cue can get
)

// WriteR100 writes a file in layout r100. The same size and seed give the
// same bytes.
func WriteR100(w io.Writer, size Size, seed uint64) error {
	g := &generator{w: bufio.NewWriterSize(w, 1<<20), rng: rand.New(rand.NewPCG(seed, 1))}
	fmt.Fprintln(g.w, `"","id","participantID","age","gender","nativeLanguage","country","education",`+
		`"created_at","cue","R1","R2","R3"`)
	for row := range size.Cues * size.PerCue {
		g.record(row+1, row%size.Cues)
	}
	return g.w.Flush()
}

type generator struct {
	w   *bufio.Writer
	rng *rand.Rand
}

func (g *generator) record(row, cue int) {
	country, native := "United States", "United States"
	if g.rng.IntN(2) == 0 {
		country, native = g.oneOf("Australia", "Canada", "United Kingdom"), g.oneOf("Australia", "Other_English")
	}
	created := time.Date(2011, 8, 12, 2, 19, 38, 0, time.UTC).Add(time.Duration(row) * 97 * time.Second)
	fmt.Fprintf(g.w, `"%d",%d,%d,%d,"%s","%s","%s",%s,%s,"%s"`, row, row+28, row/14+1, 16+g.rng.IntN(60),
		g.oneOf("Fe", "Ma", "X"), native, country, g.oneOf("NA", "1", "2", "3", "4", "5"),
		created.Format(time.DateTime), Word(cue))
	missing := []float64{0.03, 0.08, 0.16}
	for slot := range 3 {
		if g.rng.Float64() < missing[slot] {
			g.w.WriteString(",NA")
		} else {
			fmt.Fprintf(g.w, `,"%s"`, g.response(cue))
		}
	}
	g.w.WriteByte('\n')
}

func (g *generator) oneOf(values ...string) string { return values[g.rng.IntN(len(values))] }

// response draws from the cue's associates, a few of them often: the place of
// the associate falls off as a power of a uniform number.
func (g *generator) response(cue int) string {
	place := int(associates * math.Pow(g.rng.Float64(), 2.2))
	return Word((cue*7919 + place*place*31 + place) % vocabulary)
}

// Word is the n-th invented word: two to four syllables.
func Word(n int) string {
	const onsets, vowels = "bdfgklmnprstvz", "aeiou"
	word := make([]byte, 0, 8)
	for n += len(onsets) * len(vowels); n > 0; n /= len(onsets) * len(vowels) {
		syllable := n % (len(onsets) * len(vowels))
		word = append(word, onsets[syllable/len(vowels)], vowels[syllable%len(vowels)])
	}
	return string(word)
}
