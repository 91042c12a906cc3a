package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A rater gives numbers to words: by a hash, so that a word always gets the
// same, and so that the words that one part of a compound calls to mind lie near
// each other.
type rater struct {
	draws
	near map[string]string // the entry under whose associates a word stands first
}

// A scale is where the numbers of a rating lie, in hundredths.
type scale struct{ low, high int }

// newRater makes a rater of a language's words.
func newRater(code string, lex lexicon) rater {
	r := rater{draws{"alignctl demo norms " + code}, map[string]string{}}
	for _, e := range slices.Concat(lex.modifiers, lex.heads, lex.words) {
		r.near[e.word] = e.word
	}
	for _, e := range slices.Concat(lex.modifiers, lex.heads, lex.words) {
		for _, a := range e.associates {
			if r.near[a] == "" {
				r.near[a] = e.word
			}
		}
	}
	return r
}

// words lists all words of the lexicon, in order of their characters without
// regard to case.
func (r rater) words() (words []string) {
	for w := range r.near {
		words = append(words, w)
	}
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(a, b))
	})
	return words
}

// mean is a word's rating on a dimension: three parts of the entry that it
// stands with, one of its own.
func (r rater) mean(s scale, dimension, word string) int {
	shared := r.below(1001, dimension, r.near[word])
	own := r.below(1001, dimension, "own", word)
	return s.low + (s.high-s.low)*(3*shared+own)/4000
}

// around is a group's rating beside that of all.
func (r rater) around(s scale, mean int, key ...string) int {
	return min(max(mean+r.below(121, key...)-60, s.low), s.high)
}

// spread is a standard deviation.
func (r rater) spread(key ...string) int { return 60 + r.below(140, key...) }

// hundredths writes a number of hundredths the way R does: 5.3, not 5.30.
func hundredths(n int) string { return strconv.FormatFloat(float64(n)/100, 'f', -1, 64) }

// writeAffect returns ratings of valence, arousal and dominance for single
// English words, by all raters and by six groups of them, in the layout of
// Warriner, Kuperman and Brysbaert (2013): an empty first header cell, and no
// line end after the last record.
func writeAffect(r rater) []byte {
	var out bytes.Buffer
	out.WriteString(`"",Word`)
	for _, pair := range raterGroups {
		for _, d := range affect {
			for _, g := range pair {
				fmt.Fprintf(&out, ",%s.Mean.%s,%[1]s.SD.%[2]s,%[1]s.Rat.%[2]s", d.letter, g)
			}
		}
	}
	number := 0
	for _, word := range r.words() {
		if strings.Contains(word, " ") {
			continue
		}
		number++
		fmt.Fprintf(&out, "\n%d,%s", number, csvWord(word))
		for _, pair := range raterGroups {
			for _, d := range affect {
				for _, g := range pair {
					r.writeGroup(&out, d, g, word)
				}
			}
		}
	}
	return out.Bytes()
}

// raterGroups are all raters; men and women; younger and older ones; those with
// less and with more schooling.
var raterGroups = [][]string{{"Sum"}, {"M", "F"}, {"Y", "O"}, {"L", "H"}}

// A dimension is what words are rated on, with its letter in the header.
type dimension struct{ letter, name string }

var affect = []dimension{{"V", "valence"}, {"A", "arousal"}, {"D", "dominance"}}

var nine = scale{100, 900}

// writeGroup writes mean, standard deviation and number of raters.
func (r rater) writeGroup(out *bytes.Buffer, d dimension, group, word string) {
	mean, raters := r.mean(nine, d.name, word), 18+r.below(8, "raters", d.name, word)
	if group != "Sum" {
		mean = r.around(nine, mean, d.name, group, word)
		raters = 5 + r.below(8, "raters", d.name, group, word)
	}
	fmt.Fprintf(out, ",%s,%s,%d", hundredths(mean), hundredths(r.spread(d.name, group, word)), raters)
}

// writeConcreteness returns concreteness ratings of English words and pairs of
// words in the layout of Brysbaert, Warriner and Kuperman (2014): tabs, CR LF.
func writeConcreteness(r rater) []byte {
	var out bytes.Buffer
	out.WriteString("Word\tBigram\tConc.M\tConc.SD\tUnknown\tTotal\tPercent_known\tSUBTLEX\tDom_Pos\r\n")
	for _, word := range r.words() {
		bigram, total, unknown := 0, 26+r.below(4, "raters", word), r.below(3, "unknown", word)
		if strings.Contains(word, " ") {
			bigram = 1
		}
		known := (total - unknown) * 100 / total
		position := []string{"Noun", "Verb", "Adjective", "0"}[r.below(4, "position", word)]
		fmt.Fprintf(&out, "%s\t%d\t%s\t%s\t%d\t%d\t%s\t%d\t%s\r\n", word, bigram,
			hundredths(r.mean(scale{100, 500}, "concreteness", word)), hundredths(r.spread("concreteness", word)), unknown, total,
			hundredths(known), r.below(20_000, "frequency", word), position)
	}
	return out.Bytes()
}

// writeMandarinAffect returns ratings in the layout of Xu, Li and Chen (2022):
// valence from -3 to 3, arousal from 0 to 4.
func writeMandarinAffect(r rater) []byte {
	out := bytes.NewBufferString("Word,Valence_Mean,Valence_SD,Arousal_Mean,Arousal_SD\n")
	for _, word := range r.words() {
		fmt.Fprintf(out, "%s,%s,%s,%s,%s\n", csvWord(word), hundredths(r.mean(scale{-300, 300}, "valence", word)),
			hundredths(r.spread("valence", word)), hundredths(r.mean(scale{0, 400}, "arousal", word)),
			hundredths(r.spread("arousal", word)))
	}
	return out.Bytes()
}

// writeMandarinConcreteness returns ratings in the layout of Xu and Li (2020):
// 1 is concrete and 5 abstract.
func writeMandarinConcreteness(r rater) []byte {
	out := bytes.NewBufferString("Word,Conc\n")
	for _, word := range r.words() {
		fmt.Fprintf(out, "%s,%s\n", csvWord(word), hundredths(r.mean(scale{100, 500}, "concreteness", word)))
	}
	return out.Bytes()
}

// csvWord quotes the one word that stands for a missing value without quotes.
func csvWord(word string) string {
	if word == "NA" {
		return quote(word)
	}
	return word
}
