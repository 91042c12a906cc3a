package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

const (
	answersPerCue      = 22 // rows of a cue; each comes from another participant
	cuesPerParticipant = 14 // as in the study whose layout this is
	unknownToken       = "Unknown word"
	header             = `"","id","participantID","age","gender","nativeLanguage","country","education",` +
		`"created_at","cue","R1","R2","R3"` + "\n"
)

// Weights of the associates by rank. A compound mixes both lists, so its five strongest responses are, but for
// chance: head 1, modifier 1, head 2, modifier 2, head 3.
var (
	headWeights     = [associatesPerWord]int{60, 35, 22, 9, 6, 4, 3, 2}
	modifierWeights = [associatesPerWord]int{45, 28, 11, 7, 5, 4, 3, 2}
)

// language is what differs between the two files.
type language struct {
	code, lexicon string
	joint         string // between modifier and head
	origins       []weighted[origin]
}

// origin is where a participant lives and what language it has. The English population "us" (both columns United
// States) must be a proper part of each column's United States rows.
type origin struct {
	native, country string
}

var englishOrigins = []weighted[origin]{
	{origin{"United States", "United States"}, 72},
	{origin{"United Kingdom", "United Kingdom"}, 9},
	{origin{"Canada", "Canada"}, 6},
	{origin{"Australia", "Australia"}, 4},
	{origin{"Spanish", "United States"}, 4},
	{origin{"United States", "Canada"}, 3},
	{origin{"German", "Germany"}, 2},
}

var mandarinOrigins = []weighted[origin]{
	{origin{"PUTON", "China"}, 60},
	{origin{"NORTH", "China"}, 10},
	{origin{"SOUTHW", "China"}, 8},
	{origin{"WU", "China"}, 8},
	{origin{"JIANG", "China"}, 5},
	{origin{"SOUTH", "China"}, 4},
	{origin{"HAKKA", "China"}, 3},
	{origin{"PUTON", "Singapore"}, 2},
}

// cue is a stimulus and the weighted pool that its responses are drawn from.
type cue struct {
	text string
	pool []weighted[string]
}

// writeCorpus returns the R100 file of a language.
func writeCorpus(lang language) ([]byte, error) {
	lex, err := parseLexicon(lang.lexicon)
	if err != nil {
		return nil, fmt.Errorf("write corpus %q: %w", lang.code, err)
	}
	d := draws{seed: "alignctl demo " + lang.code}
	cues := makeCues(lex, lang.joint)
	strays := strayWords(cues)
	out := bytes.NewBufferString(header)
	row := 0
	for i, list := range assign(d, cues) {
		person := makeParticipant(d, i+1, lang.origins)
		for _, c := range list {
			row++
			fmt.Fprintf(out, "\"%d\",%d,%s,\"%s\",%s\n", row, row, person, c.text, answer(d, c, strays, i+1))
		}
	}
	return out.Bytes(), nil
}

// makeCues lists every compound, then every part of one, then the words that stand alone.
func makeCues(lex lexicon, joint string) []cue {
	var cues []cue
	for _, m := range lex.modifiers {
		for _, h := range lex.heads {
			pool := append(rankPool(h, headWeights), rankPool(m, modifierWeights)...)
			cues = append(cues, cue{text: m.word + joint + h.word, pool: pool})
		}
	}
	for _, m := range lex.modifiers {
		cues = append(cues, cue{text: m.word, pool: rankPool(m, modifierWeights)})
	}
	for _, e := range slices.Concat(lex.heads, lex.words) {
		cues = append(cues, cue{text: e.word, pool: rankPool(e, headWeights)})
	}
	return cues
}

func rankPool(e entry, weights [associatesPerWord]int) []weighted[string] {
	pool := make([]weighted[string], associatesPerWord)
	for i, a := range e.associates {
		pool[i] = weighted[string]{a, weights[i]}
	}
	return pool
}

// strayWords lists all responses of the language once: what a participant says for reasons of its own.
func strayWords(cues []cue) []string {
	var words []string
	for _, c := range cues {
		for _, w := range c.pool {
			words = append(words, w.value)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// assign deals the cues to participants: in each of answersPerCue rounds every cue is dealt once, in an order of that
// round, so that nobody meets a cue twice.
func assign(d draws, cues []cue) [][]cue {
	var lists [][]cue
	for round := range answersPerCue {
		key := func(c cue) uint64 { return d.hash("order", strconv.Itoa(round), c.text) }
		order := slices.Clone(cues)
		slices.SortFunc(order, func(a, b cue) int { return cmp.Compare(key(a), key(b)) })
		lists = slices.AppendSeq(lists, slices.Chunk(order, cuesPerParticipant))
	}
	return lists
}

// makeParticipant returns the columns participantID to created_at as they stand in the file.
func makeParticipant(d draws, number int, origins []weighted[origin]) string {
	id := strconv.Itoa(number)
	from := origins[pick(d, origins, "origin", id)].value
	genders := []weighted[string]{{"Fe", 55}, {"Ma", 43}, {"X", 2}}
	gender := genders[pick(d, genders, "gender", id)].value
	education := "NA"
	if !d.oneIn(6, "education missing", id) {
		education = strconv.Itoa(1 + d.below(5, "education", id))
	}
	start := time.Date(2015, 3, 2, 8, 0, 0, 0, time.UTC)
	minutes := 700*number + d.below(600, "minute", id)
	at := start.Add(time.Duration(minutes)*time.Minute + time.Duration(d.below(60, "second", id))*time.Second)
	return fmt.Sprintf("%d,%d,%q,%q,%q,%s,%s",
		number, 16+d.below(55, "age", id), gender, from.native, from.country, education, at.Format(time.DateTime))
}

// answer returns R1 to R3 of one trial as they stand in the file, with the blemishes of real trials: unknown cues,
// missing second and third responses, repeated ones, and a response that moved to R3.
func answer(d draws, c cue, strays []string, participant int) string {
	id := strconv.Itoa(participant)
	if d.oneIn(90, "unknown", id, c.text) {
		return quote(unknownToken) + ",NA,NA"
	}
	r := respond(d, c, strays, id)
	blemish := d.below(400, "blemish", id, c.text)
	switch {
	case blemish < 6: // R2 repeats R1
		r[1] = r[0]
	case blemish < 10: // R3 repeats R2
		r[2] = r[1]
	case blemish < 13: // R3 repeats R1, which the official cleaning leaves alone
		r[2] = r[0]
	case blemish < 16: // R2 missing, R3 present
		return quote(r[0]) + ",NA," + quote(r[2])
	case blemish < 30:
		return quote(r[0]) + ",NA,NA"
	case blemish < 65:
		return quote(r[0]) + "," + quote(r[1]) + ",NA"
	}
	return quote(r[0]) + "," + quote(r[1]) + "," + quote(r[2])
}

// respond draws three different responses, each in proportion to its weight in what is left of the pool; one in
// sixteen is a stray word instead.
func respond(d draws, c cue, strays []string, participant string) [3]string {
	var r [3]string
	pool := slices.Clone(c.pool)
	for i := range r {
		position := strconv.Itoa(i + 1)
		if d.oneIn(16, "stray", participant, c.text, position) {
			r[i] = strays[d.below(len(strays), "which stray", participant, c.text, position)]
			continue
		}
		k := pick(d, pool, "response", participant, c.text, position)
		r[i] = pool[k].value
		pool = slices.Delete(pool, k, k+1)
	}
	return r
}

// quote writes a string as R's write.csv does; no word of the lexicons holds a quote.
func quote(s string) string { return `"` + s + `"` }
