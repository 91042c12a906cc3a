// Package swowtest makes invented Small World of Words files of any size, for
// tests and measurements. Their statistics are roughly those of the English
// R100 file: about as many different responses a cue, missing slots, and
// participants inside and outside the United States. Their words are none.
package swowtest

import (
	"bufio"
	"math"
	"math/rand/v2"
)

// A Size says how large a file is: Cues times PerCue records.
type Size struct{ Cues, PerCue int }

const (
	vocabulary = 60_000 // different responses over all cues
	associates = 260    // different responses that one cue can get
)

type generator struct {
	w   *bufio.Writer
	rng *rand.Rand
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
