package wvs

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed questions.yaml
var questionFile []byte

// The kinds of a question's scale.
const (
	Binary    = "binary"    // two codes
	Ordinal   = "ordinal"   // codes in order
	Scale10   = "scale10"   // ten steps, 1 to 10
	Reordered = "reordered" // an ordered scale whose codes don't stand in its order
	Nominal   = "nominal"   // codes without an order
	Number    = "number"    // the code is a number
)

// maxCode is the highest code: one of nine digits, as an open question may have.
const maxCode = 999_999_999

// lowestMissing is the lowest of the codes that say why there is no answer.
const lowestMissing = -5

// A Question is what wave 7 fixes about a question, words aside.
type Question struct {
	Name    string
	Topic   string // our short name of the part of the questionnaire
	Kind    string // of its scale
	Recodes string // the question whose answers these codes put into other classes, or ""
	Options []Option
	// Open questions take any code from zero up; Options is empty.
	Open bool
}

// An Option is a code that is an answer.
type Option struct {
	Code int64
	// Position is the option's place on the scale, from 1; 0 where it has none:
	// on a nominal scale, or for an answer beside the scale.
	Position int
}

// Demographic reports whether the question is about the respondent, not an
// opinion.
func (q *Question) Demographic() bool { return q.Topic == "demographic" }

// Answers reports whether a code is an answer to the question.
func (q *Question) Answers(code int64) bool {
	if q.Open {
		return code >= 0 && code <= maxCode
	}
	first, last := q.Options[0].Code, q.Options[len(q.Options)-1].Code
	return first <= code && code <= last
}

// Admits reports whether a file may hold the code: an answer, or a reason why
// there is none.
func (q *Question) Admits(code int64) bool {
	return code >= lowestMissing && code < 0 || q.Answers(code)
}

// codes says which codes are answers, as "1-4".
func (q *Question) codes() string {
	if q.Open {
		return "0 and above"
	}
	return fmt.Sprintf("%d-%d", q.Options[0].Code, q.Options[len(q.Options)-1].Code)
}

// Questions lists what wave 7 asks, by number, a question before its recodes.
// The caller doesn't change it.
var Questions = sync.OnceValue(func() []*Question {
	questions, err := readQuestions(questionFile)
	if err != nil {
		panic(err) // the file is part of the program, and a test reads it
	}
	return questions
})

// byName finds questions by name.
var byName = sync.OnceValue(func() map[string]*Question {
	found := make(map[string]*Question)
	for _, q := range Questions() {
		found[q.Name] = q
	}
	return found
})

// questionGroup is an entry of questions.yaml.
type questionGroup struct {
	Questions string `yaml:"questions"`
	Topic     string `yaml:"topic"`
	Kind      string `yaml:"kind"`
	Codes     string `yaml:"codes"`
	Order     string `yaml:"order"`
	Recodes   bool   `yaml:"recodes"`
}

func readQuestions(text []byte) ([]*Question, error) {
	var groups []questionGroup
	if err := yaml.UnmarshalWithOptions(text, &groups, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read questions: %w", err)
	}
	var questions []*Question
	seen := map[string]bool{}
	for _, g := range groups {
		members, err := g.members()
		if err != nil {
			return nil, fmt.Errorf("read questions %q: %w", g.Questions, err)
		}
		for _, q := range members {
			if seen[q.Name] {
				return nil, fmt.Errorf("read questions %q: %s stands twice", g.Questions, q.Name)
			}
			seen[q.Name] = true
		}
		questions = append(questions, members...)
	}
	slices.SortFunc(questions, compareQuestions)
	return questions, nil
}

// compareQuestions orders by number, then by name.
func compareQuestions(a, b *Question) int {
	if d := numberOf(a.Name) - numberOf(b.Name); d != 0 {
		return d
	}
	return strings.Compare(a.Name, b.Name)
}

var questionName = regexp.MustCompile(`^Q([0-9]{1,3})([A-Z_0-9]*)$`)

// numberOf gives the number in a question's name, 0 if there is none.
func numberOf(name string) int {
	m := questionName.FindStringSubmatch(name)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // three digits at most
	return n
}

func (g questionGroup) members() ([]*Question, error) {
	options, err := g.options()
	if err != nil {
		return nil, err
	}
	var members []*Question
	for _, part := range strings.Fields(g.Questions) {
		names, err := expand(part)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			q := &Question{Name: name, Topic: g.Topic, Kind: g.Kind, Options: options, Open: g.Codes == "any"}
			if g.Recodes {
				q.Recodes = "Q" + strconv.Itoa(numberOf(name))
			}
			members = append(members, q)
		}
	}
	return members, nil
}

// expand gives the names of a range, as Q94R-Q105R, or the one name.
func expand(part string) (names []string, err error) {
	first, last, ranged := strings.Cut(part, "-")
	if !ranged {
		last = first
	}
	from, to := questionName.FindStringSubmatch(first), questionName.FindStringSubmatch(last)
	if from == nil || to == nil || from[2] != to[2] {
		return nil, fmt.Errorf("%q is neither a question nor a range of them", part)
	}
	for n := numberOf(first); n <= numberOf(last); n++ {
		names = append(names, "Q"+strconv.Itoa(n)+from[2])
	}
	return names, nil
}

// options lists the codes and gives each its place on the scale.
func (g questionGroup) options() ([]Option, error) {
	if g.Codes == "any" {
		return nil, nil
	}
	var from, to int64
	if _, err := fmt.Sscanf(g.Codes, "%d-%d", &from, &to); err != nil || from > to {
		return nil, fmt.Errorf("codes %q are no range", g.Codes)
	}
	var options []Option
	for code := from; code <= to; code++ {
		options = append(options, Option{Code: code})
	}
	switch g.Kind {
	case Nominal:
		return options, nil
	case Reordered:
		return options, g.place(options)
	}
	for i := range options {
		options[i].Position = i + 1
	}
	return options, nil
}

// place gives options the places that the group's order says.
func (g questionGroup) place(options []Option) error {
	for i, tied := range strings.Fields(g.Order) {
		for _, text := range strings.Split(tied, "=") {
			code, err := strconv.ParseInt(text, 10, 64)
			at := slices.IndexFunc(options, func(o Option) bool { return o.Code == code })
			if err != nil || at < 0 || options[at].Position != 0 {
				return fmt.Errorf("order %q: %q is no code, or stands twice", g.Order, text)
			}
			options[at].Position = i + 1
		}
	}
	return nil
}
