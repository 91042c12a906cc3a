package swowtest

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// Answered is how many records each participant of a complete file has; the
// last one may have fewer.
const Answered = 15

// The parts that the participants of a complete file play, by their number
// modulo parts. The first ten are known: those that the official rules remove,
// and those that stand exactly on a limit, which removes nobody.
const (
	partEmpty         = iota // 32 of 45 slots without a word
	partNonNative            // 20 of 45 words in the word list
	partPerseverating        // 20 different words of 45
	partVerbose              // 15 of 45 responses of several words
	partEmptyLimit           // 27 of 45 slots without a word: 0.6
	partNativeLimit          // 27 of 45 words in the word list: 0.6
	partRepeatLimit          // 36 different words of 45: a fifth are repeats
	partVerboseLimit         // 12 of 40 responses of several words: 0.3
	partSilent               // no word at all
	partTwoFaults            // too empty and not native: the first rule counts
	partRepeats              // the same word in two slots of a record
	parts             = 40   // the rest answer as people do
)

// Complete is the size of a file as large as the published English one,
// rounded: 1.3 million records.
var Complete = Size{Cues: 12_000, PerCue: 108}

// WriteComplete writes a file in layout complete: a header, then Cues times
// PerCue records (about PerCue a cue: some cues get fewer, some more). The same
// size and seed give the same bytes. Its companions are WriteLexicon,
// WriteSpelling, WriteCueCorrections and WriteVariants.
func WriteComplete(w io.Writer, size Size, seed uint64) error {
	g := &completeGenerator{size: size, generator: generator{
		w: bufio.NewWriterSize(w, 1<<20), rng: rand.New(rand.NewPCG(seed, 2))}}
	fmt.Fprintln(g.w, "id,participantID,created_at,age,nativeLanguage,gender,education,city,country,section,"+
		"cue,R1Raw,R2Raw,R3Raw,R1,R2,R3")
	records := size.Cues * size.PerCue
	for participant := 0; participant*Answered < records; participant++ {
		g.participant(participant, min(Answered, records-participant*Answered))
	}
	return g.w.Flush()
}

type completeGenerator struct {
	generator
	size Size
	row  int
}

// A person is what all records of a participant share.
type person struct {
	id int
	// The rest are cells as the file has them.
	age, native, gender, education, city, country, section string
}

func (g *completeGenerator) participant(number, records int) {
	p := g.person(number)
	cues := make([]int, records)
	for i := range cues {
		cues[i] = g.rng.IntN(g.size.Cues)
	}
	if number%7 == 0 && records > 1 { // a cue shown twice ties in the sample's key
		cues[records-1] = cues[records-2]
	}
	for i, responses := range g.responses(number%parts, cues) {
		g.record(p, cues[i], responses)
	}
}

func (g *completeGenerator) person(number int) person {
	const prime = 1_000_003 // spreads the ids, so that they don't follow the file's order; then the next so many
	return person{
		id:     1 + number*7919%prime + number/prime*prime,
		age:    g.oneOf("NA", "14", "18", "25", "33", "41", "67"),
		gender: quote(g.oneOf("Fe", "Ma", "X")),
		native: g.oneOf(`"United States"`, `"United States"`, `"United States"`, `"Canada"`, `"Australia"`,
			`"New Zealand"`, `"Jamaica"`, `"Puerto Rico"`, `"South Africa"`, `"Ireland"`, `"United Kingdom"`,
			`"Other_English"`, `"Spanish"`, "NA"),
		education: g.oneOf("NA", "1", "2", "3", "4", "5"),
		city:      g.oneOf(`"Springfield"`, `"Montréal, Québec"`, `"the ""Old"" Town"`, `""`, "NA"),
		country:   g.oneOf(`"United States"`, `"United States"`, `"Canada"`, `"Australia"`, `"United Kingdom"`, "NA"),
		section:   quote(g.oneOf("set2011", "set2012", "set2014")),
	}
}

func (g *completeGenerator) record(p person, cue int, responses [3]string) {
	created := time.Date(2011, 8, 12, 2, 19, 38, 0, time.UTC).Add(time.Duration(g.row) * 97 * time.Second)
	fmt.Fprintf(g.w, "%d,%d,%s,%s,%s,%s,%s,%s,%s,%s,%s", g.row+29, p.id, created.Format(time.DateTime), p.age,
		p.native, p.gender, p.education, p.city, p.country, p.section, quote(g.shown(cue)))
	for _, r := range responses { // as typed
		fmt.Fprintf(g.w, ",%s", strings.ToUpper(r))
	}
	for _, r := range responses {
		fmt.Fprintf(g.w, ",%s", r)
	}
	g.w.WriteByte('\n')
	g.row++
}

// shown is a cue as a record has it: some cues stand misspelled in some.
func (g *completeGenerator) shown(cue int) string {
	if misspelledCue(cue) && g.rng.IntN(8) == 0 {
		return Word(cue) + cueSlip
	}
	return Word(cue)
}

// responses are the cells of a participant's answers to cues.
func (g *completeGenerator) responses(part int, cues []int) [][3]string {
	out := make([][3]string, len(cues))
	for i, cue := range cues {
		for slot := range 3 {
			out[i][slot] = g.slot(part, 3*i+slot, cue)
		}
		if part == partRepeats {
			g.repeat(&out[i], i)
		}
	}
	return out
}

// repeat copies words within a record, in each way that the cleaning tells
// apart.
func (g *completeGenerator) repeat(r *[3]string, i int) {
	switch i % 5 {
	case 0:
		r[1] = r[0]
	case 1:
		r[2] = r[1]
	case 2:
		r[2] = r[0]
	case 3:
		r[1], r[2] = r[0], r[0]
	case 4:
		r[1] = "NA"
	}
}

// slot is the cell of a participant's n-th slot, of 45, an answer to cue. A word of a known part
// is new to the participant unless the part says otherwise.
func (g *completeGenerator) slot(part, n, cue int) string {
	fresh := quote(Word(lexical(n*1_300 + g.rng.IntN(1_000))))
	switch part {
	case partEmpty, partTwoFaults:
		if n < 32 {
			return g.nothing()
		} else if part == partTwoFaults {
			return quote(foreign(n))
		}
	case partNonNative, partNativeLimit:
		if known := map[int]int{partNonNative: 20, partNativeLimit: 27}[part]; n >= known {
			return quote(foreign(n))
		}
	case partPerseverating, partRepeatLimit:
		different := map[int]int{partPerseverating: 20, partRepeatLimit: 36}[part]
		return quote(Word(lexical(n % different * 1_300))) // a twin is never in the same record
	case partVerbose:
		if n%3 == 0 {
			return g.several(n)
		}
	case partVerboseLimit:
		if n >= 40 {
			return g.nothing()
		} else if n < 12 {
			return g.several(n)
		}
	case partEmptyLimit:
		if n < 27 {
			return g.nothing()
		}
	case partSilent:
		return g.nothing()
	default:
		return g.usual(n, cue)
	}
	return fresh
}

// usual is what most people answer: words that others give to the cue too,
// sometimes none.
func (g *completeGenerator) usual(n, cue int) string {
	switch draw := g.rng.IntN(1_000); {
	case draw < []int{20, 70, 150}[n%3]:
		return g.nothing()
	case draw > 995:
		return g.oneOf(`"NA"`, `"null"`, `"nan"`, `"naïve"`, `"don’t"`, `"say ""hi"""`)
	case draw > 985:
		return g.several(n)
	case draw > 980:
		return quote(Word(g.rng.IntN(misspelt)) + responseSlip)
	}
	return quote(g.response(cue))
}

func (g *completeGenerator) nothing() string {
	return g.oneOf(`"No more responses"`, `"No more responses"`, "NA", `""`, `"Unknown word"`, `"""Unknown word"`)
}

func (g *completeGenerator) several(n int) string {
	a, b := Word(g.rng.IntN(vocabulary)), Word(n)
	return g.oneOf(quote(a+" "+b), quote(a+","+b), quote(a+";"+b), quote(a+"; "+b))
}

func quote(text string) string { return `"` + text + `"` }

const (
	cueSlip      = "x"   // what a misspelled cue ends in; no word does
	responseSlip = "q"   // what a misspelled response ends in
	misspelt     = 1_000 // the first words can be misspelled as responses
)

func misspelledCue(cue int) bool { return cue%20 == 7 }

// listed says whether the word list has the n-th word.
func listed(n int) bool { return n%23 != 0 }

// lexical is the place of a word of the word list at n or beside it.
func lexical(n int) int {
	n %= vocabulary
	if !listed(n) {
		n++
	}
	return n
}

// foreign is a word that no word list has.
func foreign(n int) string { return Word(vocabulary + 50 + n) }

// WriteLexicon writes the word list of a complete file, one word a line.
func WriteLexicon(w io.Writer) error {
	b := bufio.NewWriter(w)
	for n := range vocabulary {
		if listed(n) {
			fmt.Fprintln(b, Word(n))
		}
	}
	return b.Flush()
}

// WriteSpelling writes the corrections of misspelled responses: what is
// written, a tab, what is meant.
func WriteSpelling(w io.Writer) error {
	b := bufio.NewWriter(w)
	for n := range misspelt {
		fmt.Fprintf(b, "%s\t%s\n", Word(n)+responseSlip, Word(n))
	}
	return b.Flush()
}

// WriteCueCorrections writes the corrections of misspelled cues.
func WriteCueCorrections(w io.Writer, size Size) error {
	b := bufio.NewWriter(w)
	for cue := range size.Cues {
		if misspelledCue(cue) {
			fmt.Fprintf(b, "%s\t%s\n", Word(cue)+cueSlip, Word(cue))
		}
	}
	return b.Flush()
}

// WriteVariants writes the list of cues that stand for British variants, one a
// line.
func WriteVariants(w io.Writer, size Size) error {
	b := bufio.NewWriter(w)
	for cue := 3; cue < size.Cues; cue += 40 {
		fmt.Fprintln(b, Word(cue))
	}
	return b.Flush()
}
