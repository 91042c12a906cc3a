package handover

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"alignctl/lake"
	"alignctl/train"
)

// historyFile is where transformers' Trainer, which TRL and LLaMA-Factory build
// on, writes down what it measured: in the folder of the result, and in that of
// each checkpoint.
const historyFile = "trainer_state.json"

// A history beyond these is none that a training wrote.
const (
	maxHistory = 256 << 20 // bytes
	maxMetric  = 200       // bytes of a metric's name
)

// readHistory reads what a trainer wrote down in the folder of its result; nil
// when it wrote nothing. A file that isn't whole is an error, since a history
// can't be added once the result is imported.
func readHistory(folder string) (*train.History, error) {
	path, err := findHistory(folder)
	if err != nil {
		return nil, fmt.Errorf("look for the history of a training: %w", err)
	}
	if path == "" {
		return nil, nil
	}
	text, err := readBounded(path, maxHistory)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	h, err := parseHistory(text)
	if err != nil {
		return nil, fmt.Errorf("read history %s:%w: copy the file again, or import without it: take it away", path, err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	sum := sha256.Sum256(text)
	h.File = lake.RawFile{Source: "training", Name: historyFile, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(text)),
		Rows: h.File.Rows, Licence: "unknown", Path: path}
	return h, nil
}

// findHistory is the path of the history in a folder: its own, or else that of
// its newest checkpoint; "" without any.
func findHistory(folder string) (string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	newest := -1
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), "checkpoint-")
		if step, err := strconv.Atoi(digits); ok && err == nil {
			newest = max(newest, step)
		}
	}
	for _, place := range []string{folder, filepath.Join(folder, fmt.Sprintf("checkpoint-%d", newest))} {
		path := filepath.Join(place, historyFile)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	return "", nil
}

// readBounded reads a file of at most so many bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%q is no file of at most %d bytes", path, limit)
	}
	return os.ReadFile(path)
}

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

// nonFinite matches strings, and the numbers that Python writes and JSON lacks.
var nonFinite = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?Infinity|NaN`)

// quoteNonFinite makes such numbers strings. Lines stay as they are.
func quoteNonFinite(text []byte) []byte {
	if !bytes.Contains(text, []byte("NaN")) && !bytes.Contains(text, []byte("Infinity")) {
		return text
	}
	return nonFinite.ReplaceAllFunc(text, func(word []byte) []byte {
		if word[0] == '"' {
			return word
		}
		return fmt.Appendf(nil, "%q", word)
	})
}

// checkObject sees that a text is an object in JSON.
func checkObject(text []byte) error {
	var object struct{}
	err := json.Unmarshal(text, &object)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%d: %w", lineAt(text, syntax.Offset), err)
	case err != nil:
		return errors.New("1: it is no object")
	}
	return nil
}

// lineAt is the line of a place in a text.
func lineAt(text []byte, offset int64) int { return 1 + bytes.Count(text[:offset], []byte("\n")) }

// A historyParser walks through a state that is known to be an object of JSON.
type historyParser struct {
	text    []byte
	decoder *json.Decoder
	steps   int64 // -1: not told
	listed  bool  // there is a log_history
	entries int64
	rows    []train.StepRow
	seconds *float64
}

// line is that of the value which the decoder gives next.
func (p *historyParser) line() int {
	rest := bytes.TrimLeft(p.text[p.decoder.InputOffset():], ":, \t\r\n")
	return lineAt(p.text, int64(len(p.text)-len(rest)))
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
