package swow

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"alignctl/internal/strictyaml"
)

// parseLanguage reads a pack and checks that it makes sense; faults are
// *[strictyaml.Error].
func parseLanguage(path string, text []byte) (*Language, error) {
	l := &Language{}
	if err := strictyaml.Decode(path, text, l); err != nil {
		return nil, err
	}
	if f := l.fault(); f != nil {
		line, column := f.place(text)
		return nil, &strictyaml.Error{File: path, Line: line, Column: column, Message: f.reason + "; " + f.cure}
	}
	if l.SelfAnswers == "" {
		l.SelfAnswers = KeepSelf
	}
	return l, nil
}

// A packFault is a value of a pack that makes no sense: where it stands, why
// it can't be, and the cure.
type packFault struct{ path, reason, cure string }

// place is the fault's line and column, or 0 and 0.
func (f *packFault) place(text []byte) (line, column int) {
	path, err := yaml.PathString(f.path)
	if err != nil {
		return 0, 0
	}
	node, err := path.ReadNode(bytes.NewReader(text))
	if err != nil {
		return 0, 0
	}
	at := node.GetToken().Position
	return at.Line, at.Column
}

// fault finds the first value that makes no sense.
func (l *Language) fault() *packFault {
	if l.Code == "" || strings.ContainsAny(l.Code, " \t/") {
		return &packFault{"$.code", fmt.Sprintf("code %q is no language code", l.Code), "give one such as en: code: en"}
	}
	if l.Source == "" {
		return &packFault{"$.source", "no name for the source", "give one such as swow-en: source: swow-en"}
	}
	if l.SelfAnswers != "" && l.SelfAnswers != KeepSelf && l.SelfAnswers != DropSelf {
		return &packFault{"$.self_answers", fmt.Sprintf("self_answers %q is not known", l.SelfAnswers), "write keep or drop"}
	}
	for _, find := range []func() *packFault{l.tokenFault, l.ruleFault, l.sampleFault, l.nativeFault, l.populationFault} {
		if f := find(); f != nil {
			return f
		}
	}
	return nil
}

func (l *Language) tokenFault() *packFault {
	kinds := map[string]string{}
	for _, t := range l.tokens() {
		if other, twice := kinds[t.text]; twice {
			return &packFault{"$.tokens", fmt.Sprintf("token %q stands twice, under %s and %s", t.text, other, t.kind),
				"remove one of them"}
		}
		if t.kind == "word" || t.kind == "self" {
			return &packFault{"$.tokens." + t.kind, fmt.Sprintf("%q is no kind of token", t.kind), "name it missing or unknown"}
		}
		kinds[t.text] = t.kind
	}
	if l.Mask != nil && (l.Mask.Length < 1 || l.Mask.Alphabet == "") {
		return &packFault{"$.mask", "a mask needs length and alphabet", "give both"}
	}
	return nil
}

func (l *Language) ruleFault() *packFault {
	for i, r := range l.Participants {
		path := fmt.Sprintf("$.participants[%d]", i)
		_, known := statistics[r.Statistic]
		limits := 0
		for _, limit := range []*float64{r.Above, r.Below} {
			if limit != nil {
				limits++
			}
		}
		switch {
		case r.Status == "" || r.Status == "Valid":
			return &packFault{path, "the rule needs a status of its own", "name it by what is wrong, such as Verbose"}
		case r.Statistic == "" && len(r.NativeLanguage) > 0 && limits == 0:
		case !known:
			return &packFault{path + ".statistic", fmt.Sprintf("statistic %q is not known", r.Statistic),
				"give one of " + strings.Join(Statistics(), ", ")}
		case limits != 1 || len(r.NativeLanguage) > 0:
			return &packFault{path, "the rule needs exactly one of above and below", "write for example above: 0.6"}
		case r.Statistic == "long" && l.Shapes.Longest == 0:
			return &packFault{path, "long tests nothing without a length", "give shapes: {longest: 6}"}
		}
	}
	return nil
}

func (l *Language) sampleFault() *packFault {
	s := l.Sample
	if s == nil {
		return nil
	}
	if s.Size < 1 || s.Minimum < 0 {
		return &packFault{"$.sample", fmt.Sprintf("a sample of %d records a cue, at least %d", s.Size, s.Minimum),
			"give size: 100, and minimum: 0 or more"}
	}
	if s.Key == (Key{}) {
		return &packFault{"$.sample", "the sample has no key to rank records by",
			"give a weight to one of native, participant and given"}
	}
	return nil
}

func (l *Language) nativeFault() *packFault {
	seen := map[string]bool{}
	for i, p := range l.Native {
		for _, label := range p.Labels {
			if seen[label] {
				return &packFault{fmt.Sprintf("$.native[%d]", i), fmt.Sprintf("native language %q has two ranks", label),
					"remove one of them"}
			}
			seen[label] = true
		}
	}
	return nil
}

func (l *Language) populationFault() *packFault {
	if !slices.ContainsFunc(l.Populations, func(p Population) bool { return p == Population{Name: everybody} }) {
		return &packFault{"$.populations", "no population of everybody, which the audits count by",
			"add a population with name: all and no condition"}
	}
	for i, p := range l.Populations {
		if p.Name == "" {
			return &packFault{fmt.Sprintf("$.populations[%d]", i), "the population has no name", "give it one"}
		}
		if slices.ContainsFunc(l.Populations[:i], func(q Population) bool { return p.Name == q.Name }) {
			return &packFault{fmt.Sprintf("$.populations[%d]", i), fmt.Sprintf("population %q stands twice", p.Name),
				"remove or rename one of them"}
		}
	}
	if len(l.Populations) > maxPopulations {
		return &packFault{"$.populations", fmt.Sprintf("%d populations, at most %d", len(l.Populations), maxPopulations),
			"load the others by themselves"}
	}
	return nil
}
