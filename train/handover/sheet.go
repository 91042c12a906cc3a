package handover

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"alignctl/sql/export"
	"alignctl/train"
)

// A Setting is a setting of alignctl train, and what stands for it in another
// trainer.
type Setting struct {
	Name    string  `json:"name"` // the flag's
	Value   string  `json:"value"`
	Theirs  string  `json:"theirs,omitempty"` // keys and values there
	Verdict Verdict `json:"verdict"`
	Note    string  `json:"note,omitempty"`
}

// A Verdict says how a setting was handed over.
type Verdict string

// The verdicts.
const (
	Same    Verdict = "same"    // it means the same there
	Differs Verdict = "differs" // it means something else there: the note says what
	Missing Verdict = "missing" // it has no counterpart there, and changes what is learnt or kept
	Local   Verdict = "local"   // it is about alignctl itself, not about what is learnt
	Refused Verdict = "refused" // it would make another loss or another adapter there: the training isn't handed over
)

// An entry is a key of another trainer's configuration.
type entry struct {
	key   string
	value any
}

// A sheet is a training as it is translated.
type sheet struct {
	*train.Options
	method   train.Method
	plan     train.Plan
	end      int32 // token that closes an answer
	card     *export.Card
	config   []entry // of the trainer's file or command, in order
	settings []Setting
}

// dev is how many rows the held-out split has.
func (s *sheet) dev() int64 {
	for _, split := range s.card.Splits {
		if split.Name == "dev" {
			return split.Rows
		}
	}
	return 0
}

// put adds keys that stand for no setting.
func (s *sheet) put(as ...entry) { s.config = append(s.config, as...) }

// same hands a setting over.
func (s *sheet) same(name string, value any, as ...entry) { s.add(Same, name, value, "", as) }

// as hands a setting over whose value stands under a key there.
func (s *sheet) as(name string, value any, key string) { s.same(name, value, entry{key, value}) }

// on is as for a setting that is written only where it is on.
func (s *sheet) on(name string, value any, key string) {
	if reflect.ValueOf(value).IsZero() {
		s.same(name, value)
		return
	}
	s.as(name, value, key)
}

// differs hands a setting over that means something else there.
func (s *sheet) differs(name string, value any, note string, as ...entry) {
	s.add(Differs, name, value, note, as)
}

// agrees is same, or differs where the note isn't "".
func (s *sheet) agrees(name string, value any, note string, as ...entry) {
	if note == "" {
		s.same(name, value, as...)
		return
	}
	s.differs(name, value, note, as...)
}

// missing lists a setting without a counterpart; one that is off is the same
// there.
func (s *sheet) missing(name string, value any, note string) { s.lacking(Missing, name, value, note) }

// refuse is missing for a setting without which the loss or the adapter would
// be another.
func (s *sheet) refuse(name string, value any, note string) { s.lacking(Refused, name, value, note) }

func (s *sheet) lacking(v Verdict, name string, value any, note string) {
	if reflect.ValueOf(value).IsZero() {
		v, note = Same, "off there, too"
	}
	s.add(v, name, value, note, nil)
}

// refused names the settings that are.
func (s *sheet) refused() error {
	var refused []error
	for _, setting := range s.settings {
		if setting.Verdict == Refused {
			refused = append(refused, fmt.Errorf("--%s %s: %s", setting.Name, setting.Value, setting.Note))
		}
	}
	return errors.Join(refused...)
}

// local lists a setting that says nothing about what is learnt.
func (s *sheet) local(name string, value any, note string) { s.add(Local, name, value, note, nil) }

func (s *sheet) add(v Verdict, name string, value any, note string, as []entry) {
	theirs := make([]string, len(as))
	for i, e := range as {
		theirs[i] = e.key + ": " + scalar(e.value)
	}
	s.put(as...)
	s.settings = append(s.settings, Setting{Name: name, Value: plain(value), Theirs: strings.Join(theirs, "; "), Verdict: v, Note: note})
}

// plain is a value for people.
func plain(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []string:
		return strings.Join(v, ",")
	}
	return scalar(value)
}

// scalar is a value in YAML, on one line. Numbers have no exponent: some readers
// take 1e-05 for a text.
func scalar(value any) string {
	switch v := value.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []entry:
		members := make([]string, len(v))
		for i, e := range v {
			members[i] = scalar(e.key) + ": " + scalar(e.value)
		}
		return "{" + strings.Join(members, ", ") + "}"
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // a mistake in the program: settings are plain values
	}
	return string(text)
}

// yaml is a configuration in YAML, below a comment.
func yaml(comment string, config []entry) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", comment)
	for _, e := range config {
		fmt.Fprintf(&b, "%s: %s\n", e.key, scalar(e.value))
	}
	return []byte(b.String())
}
