// Package wvstest makes invented files of the World Values Survey's wave 7 of
// any size, for tests and measurements: the layouts and their oddities are
// those of the real files, the answers are drawn by a rule. The same options
// and seed give the same bytes.
package wvstest

import (
	"bufio"
	"cmp"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"alignctl/etl/wvs"
)

// A Dialect is how a release writes a file.
type Dialect struct {
	Delimiter byte
	Mark      bool // starts with a byte order mark
	Floats    bool // every number is written as a float: 1.0, 1.56070001E8
	Trailing  bool // a record ends in a delimiter, the header doesn't
}

// The dialects of the releases.
var (
	V5    = Dialect{Delimiter: ';', Floats: true, Trailing: true} // a country's file, v5.1
	V6    = Dialect{Delimiter: ';', Mark: true}                   // a country's file, v6.0
	Cross = Dialect{Delimiter: ','}                               // the cross-national file
)

// Options say what a file holds.
type Options struct {
	Dialect     Dialect
	Respondents int
	// Countries are ISO 3166-1 alpha-3 codes, each with an equal part of the
	// respondents, one after the other; nil: Invented(1).
	Countries []string
	// Columns is how many columns the file has: indices fill it up when the
	// questions are fewer, and the last questions go when they are more. 0: as many
	// as the questions need.
	Columns int
	Without []string // questions that weren't asked: the file has no such column
	Own     []string // further columns, of the country's own questions
	// Unweighted files lack the column W_WEIGHT.
	Unweighted bool
	// Averages are how many lines of averages follow the respondents.
	Averages int
}

// CrossNational is the size of the cross-national file, rounded.
var CrossNational = Options{Dialect: Cross, Respondents: 97_000, Countries: Invented(64), Columns: 600}

// Invented gives n codes of countries that there are none of.
func Invented(n int) []string {
	codes := make([]string, n)
	for i := range codes {
		codes[i] = "X" + string(rune('A'+i/26%26)) + string(rune('A'+i%26))
	}
	return codes
}

// Write writes a file.
func Write(w io.Writer, o Options, seed uint64) error {
	if o.Countries == nil {
		o.Countries = Invented(1)
	}
	g := &generator{w: bufio.NewWriterSize(w, 1<<20), o: o, rng: rand.New(rand.NewPCG(seed, 7))}
	g.columns = columnsOf(o)
	g.header()
	for i := range o.Respondents {
		g.record(i)
	}
	for i := range o.Averages {
		g.averages(i)
	}
	return g.w.Flush()
}

type generator struct {
	w       *bufio.Writer
	o       Options
	rng     *rand.Rand
	columns []column
	line    []byte
}

// A respondent is what the columns of one record are made from.
type respondent struct {
	number  int // from 0, in the file
	country int // its place among the countries
	alpha   string
}

// A column writes its cell of a record.
type column struct {
	header string
	cell   func(g *generator, r respondent)
}

func (g *generator) header() {
	if g.o.Dialect.Mark {
		g.w.WriteString("\ufeff")
	}
	for i, c := range g.columns {
		if i > 0 {
			g.w.WriteByte(g.o.Dialect.Delimiter)
		}
		g.w.WriteString(`"` + c.header + `"`)
	}
	g.w.WriteByte('\n')
}

func (g *generator) record(number int) {
	n := len(g.o.Countries)
	r := respondent{number: number, country: number * n / g.o.Respondents}
	r.alpha = g.o.Countries[r.country]
	g.line = g.line[:0]
	for i, c := range g.columns {
		if i > 0 {
			g.line = append(g.line, g.o.Dialect.Delimiter)
		}
		c.cell(g, r)
	}
	g.end()
}

func (g *generator) end() {
	if g.o.Dialect.Trailing {
		g.line = append(g.line, g.o.Dialect.Delimiter)
	}
	g.w.Write(append(g.line, '\n'))
}

// averages writes a line as spreadsheets leave it under a table.
func (g *generator) averages(i int) {
	names := []string{"Avg", "Avg_First", "Avg_Last"}
	g.line = g.line[:0]
	for at, c := range g.columns {
		if at > 0 {
			g.line = append(g.line, g.o.Dialect.Delimiter)
		}
		switch {
		case c.header == "B_COUNTRY":
			g.line = append(g.line, names[i%len(names)]...)
		case strings.HasPrefix(c.header, "Q"):
			g.line = strconv.AppendFloat(g.line, 1+2*g.rng.Float64(), 'f', -1, 64)
		}
	}
	g.end()
}

// whole writes a whole number as the dialect does.
func (g *generator) whole(n int64) {
	switch {
	case !g.o.Dialect.Floats:
		g.line = strconv.AppendInt(g.line, n, 10)
	case n >= 1e7:
		text := strconv.FormatFloat(float64(n), 'E', -1, 64)
		g.line = append(g.line, strings.Replace(text, "E+0", "E", 1)...)
	default:
		g.line = append(strconv.AppendInt(g.line, n, 10), ".0"...)
	}
}

func (g *generator) decimal(v float64, decimals int) {
	g.line = strconv.AppendFloat(g.line, v, 'f', decimals, 64)
}

func (g *generator) text(s string) {
	g.line = append(append(append(g.line, '"'), s...), '"')
}

// columnsOf lays the file's columns out.
func columnsOf(o Options) []column {
	columns := technical(o)
	for _, q := range wvs.Questions() {
		if !slices.Contains(o.Without, q.Name) {
			columns = append(columns, column{q.Name, answers(q)})
		}
	}
	if o.Columns > 0 && o.Columns < len(columns) {
		columns = columns[:o.Columns]
	}
	for n := 1; len(columns) < o.Columns; n++ {
		columns = append(columns, column{"I_INDEX" + strconv.Itoa(n), func(g *generator, _ respondent) {
			g.decimal(float64(g.rng.IntN(31))/30, 6)
		}})
	}
	for _, name := range o.Own {
		columns = append(columns, column{name, func(g *generator, _ respondent) { g.whole(int64(1 + g.rng.IntN(4))) }})
	}
	return columns
}

// technical gives the columns before the questions.
func technical(o Options) []column {
	constant := func(n int64) func(*generator, respondent) {
		return func(g *generator, _ respondent) { g.whole(n) }
	}
	columns := []column{
		{"version", func(g *generator, _ respondent) { g.text("6-0-0 (2024-04-15)") }},
		{"doi", func(g *generator, _ respondent) { g.text("doi.org/10.0000/none") }},
		{"A_WAVE", constant(7)},
		{"A_YEAR", func(g *generator, r respondent) { g.whole(int64(2017 + r.country%6)) }},
		{"B_COUNTRY", func(g *generator, r respondent) { g.whole(int64(900 + r.country)) }},
		{"B_COUNTRY_ALPHA", func(g *generator, r respondent) { g.text(r.alpha) }},
		{"D_INTERVIEW", func(g *generator, r respondent) { g.whole(int64((900+r.country)*1_000_000 + 70_001 + r.number)) }},
		{"J_INTDATE", func(g *generator, r respondent) { g.whole(int64(20180300 + 1 + r.number%28)) }},
		{"K_TIME_START", func(g *generator, _ respondent) { g.decimal(8+float64(g.rng.IntN(1000))/100, 2) }},
		{"Q_MODE", constant(2)},
		{"LNGE_ISO", func(g *generator, r respondent) { g.text([]string{"xa", "xb", "xc"}[r.country%3]) }},
		{"W_WEIGHT", func(g *generator, _ respondent) { g.decimal(0.4+1.2*g.rng.Float64(), 9) }},
		{"S018", func(g *generator, _ respondent) { g.decimal(0.5910165, 7) }},
		{"PWGHT", func(g *generator, _ respondent) { g.decimal(844342.59043, 5) }},
	}
	return slices.DeleteFunc(columns, func(c column) bool {
		return c.header == "W_WEIGHT" && o.Unweighted || c.header == "A_WAVE" && o.Dialect.Delimiter == ';'
	})
}

// answers gives the cells of a question: most often the code that the country
// prefers and its neighbours, sometimes a reason why there is none; one country
// in nine wasn't asked, one respondent in five to a recode of the partner's
// education has no partner.
func answers(q *wvs.Question) func(*generator, respondent) {
	hash := 0
	for _, b := range []byte(q.Name) {
		hash = (hash*31 + int(b)) % 10_007
	}
	first, span := int64(0), 90
	if !q.Open {
		first, span = q.Options[0].Code, len(q.Options)
	}
	return func(g *generator, r respondent) {
		draw := g.rng.IntN(1000)
		switch {
		case len(g.o.Countries) > 1 && (hash+r.country*5)%9 == 0:
			g.whole(-4)
		case draw < 30:
			g.whole(-1)
		case draw < 40:
			g.whole(-2)
		case draw < 45:
			g.whole(-5)
		case q.Topic == "demographic" && q.Recodes != "" && draw < 200:
			g.whole(-3)
		default:
			near := g.rng.IntN(span) * g.rng.IntN(span) / cmp.Or(span, 1)
			g.whole(first + int64((hash+r.country+near)%span))
		}
	}
}
