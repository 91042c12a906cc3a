package handover

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"alignctl/lake"
	"alignctl/train"
)

// maxMetric is longer than any metric's name, in bytes.
const maxMetric = 200

// parseHistory reads a TrainerState of transformers, as Python's json writes it:
// its global_step, and its log_history, a list of objects that give the values of
// metrics at a step. Of two values at one step the first counts: an evaluation
// after training may be of the best step's weights. Errors begin with the line.
func parseHistory(text []byte) (*train.History, error) {
	text = quoteNonFinite(text)
	if err := checkObject(text); err != nil {
		return nil, err
	}
	p := historyParser{text: text, decoder: json.NewDecoder(bytes.NewReader(text)), steps: -1}
	if err := p.state(); err != nil {
		return nil, err
	}
	return p.history()
}

// nonFinite are the numbers that Python writes and JSON lacks.
var nonFinite = []string{"NaN", "Infinity", "-Infinity"}

// quoteNonFinite makes such numbers strings. Lines stay as they are.
func quoteNonFinite(text []byte) []byte {
	if !bytes.Contains(text, []byte("NaN")) && !bytes.Contains(text, []byte("Infinity")) {
		return text
	}
	out := make([]byte, 0, len(text)+len(text)/8)
	quoted := false
	for i := 0; i < len(text); i++ {
		if word := nonFiniteAt(text[i:]); word != "" && !quoted {
			out = append(append(append(out, '"'), word...), '"')
			i += len(word) - 1
			continue
		}
		out = append(out, text[i])
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '\\' && i+1 < len(text):
			i++
			out = append(out, text[i])
		}
	}
	return out
}

// nonFiniteAt is the number that a text begins with, if it is one of nonFinite.
func nonFiniteAt(text []byte) string {
	for _, word := range nonFinite {
		if text[0] == word[0] && bytes.HasPrefix(text, []byte(word)) {
			return word
		}
	}
	return ""
}

// checkObject sees that a text is an object in JSON.
func checkObject(text []byte) error {
	var object struct{}
	err := json.Unmarshal(text, &object)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%d: %w", 1+bytes.Count(text[:syntax.Offset], []byte("\n")), err)
	case err != nil:
		return errors.New("1: it is no object")
	}
	return nil
}

// A historyParser walks through a state that is known to be an object of JSON.
type historyParser struct {
	text    []byte
	decoder *json.Decoder
	counted int64 // bytes whose lines are in lines
	lines   int
	steps   int64 // -1: not told
	listed  bool  // there is a log_history
	entries int64
	rows    []train.StepRow
	seconds *float64
}

// line is that of the value which the decoder gives next.
func (p *historyParser) line() int {
	next := p.decoder.InputOffset()
	for next < int64(len(p.text)) && strings.IndexByte(":, \t\r\n", p.text[next]) >= 0 {
		next++
	}
	p.lines += bytes.Count(p.text[p.counted:next], []byte("\n"))
	p.counted = next
	return 1 + p.lines
}

// state reads the members that matter.
func (p *historyParser) state() error {
	if _, err := p.decoder.Token(); err != nil {
		return err
	}
	for p.decoder.More() {
		name, err := p.decoder.Token()
		if err != nil {
			return err
		}
		if err := p.member(name); err != nil {
			return err
		}
	}
	return nil
}

func (p *historyParser) member(name any) error {
	line := p.line()
	switch name {
	case "global_step":
		if err := p.decoder.Decode(&p.steps); err != nil || p.steps < 0 {
			return fmt.Errorf("%d: global_step is no number of steps", line)
		}
	case "log_history":
		if opening, err := p.decoder.Token(); err != nil || opening != json.Delim('[') {
			return fmt.Errorf("%d: log_history is no list", line)
		}
		p.listed = true
		return p.log()
	default:
		var other json.RawMessage
		return p.decoder.Decode(&other)
	}
	return nil
}

// log reads the entries of a log_history, whose bracket is read.
func (p *historyParser) log() error {
	for p.decoder.More() {
		line := p.line()
		var entry map[string]json.RawMessage
		if err := p.decoder.Decode(&entry); err != nil || entry == nil {
			return fmt.Errorf("%d: an entry of log_history is no object", line)
		}
		if err := p.entry(entry); err != nil {
			return fmt.Errorf("%d: %w", line, err)
		}
		p.entries++
	}
	_, err := p.decoder.Token()
	return err
}

// entry takes the metrics of an entry, and the seconds that the training took.
func (p *historyParser) entry(entry map[string]json.RawMessage) error {
	step, err := strconv.ParseInt(string(entry["step"]), 10, 64)
	if err != nil || step < 0 {
		return fmt.Errorf("an entry of log_history has the step %q: no number of steps", entry["step"])
	}
	for _, name := range slices.Sorted(maps.Keys(entry)) {
		value, err := number(entry[name])
		if err != nil {
			return fmt.Errorf("metric %q of step %d: %w", name, step, err)
		}
		if name == "train_runtime" {
			p.seconds = &value
		}
		if aboutRun(name) {
			continue
		}
		if name == "" || len(name) > maxMetric || strings.ContainsFunc(name, unicode.IsControl) {
			return fmt.Errorf("step %d has a metric with no proper name: %.40q", step, name)
		}
		p.rows = append(p.rows, train.StepRow{Step: step, Metric: cmp.Or(ourNames[name], name), Value: value})
	}
	return nil
}

// number reads a value of an entry.
func number(text json.RawMessage) (float64, error) {
	switch string(text) {
	case `"NaN"`, `"Infinity"`, `"-Infinity"`:
		text = bytes.Trim(text, `"`)
	}
	value, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no number that a float64 holds", text)
	}
	return value, nil
}

// ourNames are those metrics that train.steps has under another name.
var ourNames = map[string]string{"num_input_tokens_seen": "num_tokens"}

// aboutRun says whether a member of an entry is no metric of its step: where the
// step lies, what all of the training came to, how fast the machine was.
func aboutRun(name string) bool {
	return slices.Contains([]string{"step", "epoch", "total_flos", "train_loss"}, name) ||
		strings.HasSuffix(name, "_runtime") || strings.HasSuffix(name, "_per_second")
}

// history is what was read, by step.
func (p *historyParser) history() (*train.History, error) {
	if p.steps < 0 || !p.listed {
		return nil, errors.New("1: it has no global_step or no log_history: no trainer of transformers wrote it")
	}
	slices.SortStableFunc(p.rows, func(a, b train.StepRow) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Metric, b.Metric))
	})
	p.rows = slices.CompactFunc(p.rows, func(a, b train.StepRow) bool { return a.Step == b.Step && a.Metric == b.Metric })
	h := &train.History{File: lake.RawFile{Rows: p.entries}, Steps: p.steps, Seconds: p.seconds, Metrics: p.rows}
	for _, row := range p.rows {
		if row.Step > p.steps {
			return nil, fmt.Errorf("1: log_history has step %d, and global_step is %d", row.Step, p.steps)
		}
		if row.Metric == "num_tokens" && row.Value >= 0 && row.Value < math.MaxInt64 {
			h.Tokens = new(int64(row.Value))
		}
	}
	return h, nil
}
