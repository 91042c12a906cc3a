package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const respondents = 160 // of a country

// A country is an invented one, whose file follows one of the two dialects in
// which the survey's files come.
type country struct {
	code, alpha string // user-assigned in ISO 3166, so that no land has them
	language    string // of its interviews
	floats      bool   // every number is a float and lines end in a delimiter; else a byte order mark, and integers
	lacks       string // a question that its file doesn't have
	skips       string // a question that nobody there was asked
}

// countries lists the two lands of the survey, by file name.
func countries() map[string]country {
	return map[string]country{
		"DEMO-WVS.XNL.csv": {code: "901", alpha: "XNL", language: "en", lacks: "Q111", skips: "Q171"},
		"DEMO-WVS.XSL.csv": {code: "902", alpha: "XSL", language: "zh", floats: true, lacks: "Q254", skips: "Q57"},
	}
}

// A sheet writes the records of a country.
type sheet struct {
	draws
	country
	out bytes.Buffer
}

// writeSurvey returns a country's file in the layout of the per-country files of
// the World Values Survey, wave 7.
func writeSurvey(c country, s survey) []byte {
	w := &sheet{draws: draws{"alignctl demo survey " + c.alpha}, country: c}
	if !c.floats {
		w.out.WriteString("\ufeff")
	}
	asked := slices.DeleteFunc(slices.Clone(s.questions), func(q question) bool { return q.name == c.lacks })
	header := []string{"version", "A_WAVE", "A_YEAR", "B_COUNTRY", "B_COUNTRY_ALPHA", "D_INTERVIEW", "J_INTDATE", "LNGE_ISO",
		"W_WEIGHT", "S018", "PWGHT"}
	for _, q := range asked {
		header = append(header, q.name)
	}
	header = append(header, c.alpha+"_1") // a question of the country's own
	for i, name := range header {
		header[i] = quote(name)
	}
	w.out.WriteString(strings.Join(header, ";") + "\n")
	for i := range respondents {
		w.record(asked, i+1)
	}
	return w.out.Bytes()
}

func (w *sheet) record(asked []question, person int) {
	id := strconv.Itoa(person)
	cells := []string{quote("demo 1"), w.number(7), w.number(2018), w.number(atoi(w.code)), quote(w.alpha),
		w.number(atoi(w.code)*1_000_000 + person), w.number(20_180_600 + 1 + w.below(30, "day", id)), quote(w.language),
		hundredths(60 + w.below(81, "weight", id)), "1.5", "0.8"}
	for _, q := range asked {
		cells = append(cells, w.number(w.answer(q, id)))
	}
	cells = append(cells, w.number(1+w.below(3, "own", id)))
	w.out.WriteString(strings.Join(cells, ";"))
	if w.floats {
		w.out.WriteByte(';')
	}
	w.out.WriteByte('\n')
}

// number writes a whole number in the country's dialect.
func (w *sheet) number(n int) string {
	switch {
	case !w.floats:
		return strconv.Itoa(n)
	case n >= 10_000_000:
		text := strconv.FormatFloat(float64(n), 'E', -1, 64)
		return strings.Replace(text, "E+0", "E", 1)
	}
	return strconv.Itoa(n) + ".0"
}

// answer is a person's code for a question. The people of a country answer
// around a place of the scale that is the country's own; some don't know, some
// don't say.
func (w *sheet) answer(q question, person string) int {
	switch {
	case q.name == w.skips:
		return -4
	case q.name == "Q262":
		return 16 + w.below(70, q.name, person)
	case w.oneIn(40, "don't know", q.name, person):
		return -1
	case w.oneIn(60, "no answer", q.name, person):
		return -2
	}
	codes := q.codes
	centre := w.below(len(codes), "centre", q.name)
	weights := make([]weighted[int], len(codes))
	for i, code := range codes {
		weights[i] = weighted[int]{code, 1 + 12/(1+(i-centre)*(i-centre))}
	}
	return weights[pick(w.draws, weights, "answer", q.name, person)].value
}

// atoi is the number of a country's code, which is one.
func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// A survey is the questions of survey.txt.
type survey struct {
	scales    map[string]*labels
	questions []question
}

// labels are the codes of a scale, from one end to the other, and what they are
// called, by code and language.
type labels struct {
	codes []int
	texts map[int][2]string
	order []int // of the codes with texts, as in survey.txt
}

// A question has a text in each language.
type question struct {
	name, scale string
	codes       []int
	text        [2]string
}

// surveyLanguages are the languages of the texts, in their order.
var surveyLanguages = [2]string{"en", "zh"}

// writeCodebook returns the words of the survey as a codebook in CSV.
func writeCodebook(s survey) []byte {
	out := bytes.NewBufferString("question,language,text,code,label,position\n")
	for _, q := range s.questions {
		for i, language := range surveyLanguages {
			fmt.Fprintf(out, "%s,%s,%s,,,\n", q.name, language, quote(q.text[i]))
			if s.scales[q.scale] == nil {
				continue
			}
			for _, code := range s.scales[q.scale].order {
				fmt.Fprintf(out, "%s,%s,,%d,%s,\n", q.name, language, code, quote(s.scales[q.scale].texts[code][i]))
			}
		}
	}
	return out.Bytes()
}

// parseSurvey reads survey.txt. An error names the line.
func parseSurvey(text string) (survey, error) {
	s := survey{scales: map[string]*labels{}}
	var last *labels
	for n, line := range strings.Split(text, "\n") {
		head, rest, _ := strings.Cut(line, ": ")
		words := strings.Fields(head)
		var err error
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case words[0] == "scale" && len(words) > 2:
			last = &labels{texts: map[int][2]string{}}
			s.scales[words[1]] = last
			last.codes, err = numbers(words[2:])
		case words[0] == "ask" && len(words) == 3:
			err = s.ask(words[1], words[2], rest)
		default:
			err = last.add(head, rest)
		}
		if err != nil {
			return s, fmt.Errorf("parse survey line %d: %w", n+1, err)
		}
	}
	return s, nil
}

func (s *survey) ask(name, scale, rest string) error {
	text, err := bilingual(rest)
	q := question{name: name, scale: scale, text: text}
	switch of := s.scales[scale]; {
	case of != nil:
		q.codes = of.codes
	case scale != "age":
		err = fmt.Errorf("question %s has unknown scale %q", name, scale)
	}
	s.questions = append(s.questions, q)
	return err
}

func (l *labels) add(code, rest string) error {
	n, err := strconv.Atoi(code)
	if err != nil || l == nil {
		return fmt.Errorf("want a scale, a question or a code, got %q", code)
	}
	l.texts[n], err = bilingual(rest)
	l.order = append(l.order, n)
	return err
}

func bilingual(text string) (both [2]string, err error) {
	english, mandarin, found := strings.Cut(text, " | ")
	if !found {
		return both, fmt.Errorf("want English | Mandarin, got %q", text)
	}
	return [2]string{english, mandarin}, nil
}

func numbers(words []string) (list []int, err error) {
	for _, w := range words {
		n, err := strconv.Atoi(w)
		if err != nil {
			return nil, fmt.Errorf("code %q: %w", w, err)
		}
		list = append(list, n)
	}
	return list, nil
}
