package eval

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"alignctl/internal/nearest"
	"alignctl/lake"
)

// Missing is how the answer of an item ended that a file has none of: it is
// empty, and counts as such.
const Missing = "missing"

// ImportOptions say how to read a file of answers, and what they answer.
type ImportOptions struct {
	File    string            `json:"file"`
	Columns map[string]string `json:"columns"` // the file's column, or path, of an AnswerField that has another name there
	Only    map[string]string `json:"only"`    // take the answers that have these values in these columns
	Samples bool              `json:"samples"` // an item's further answers are samples of it; else they are an error

	Model    string `json:"model"`    // name of the model that answered
	Template string `json:"template"` // id of the prompt template; "": not known
	Licence  string `json:"licence"`  // of the file

	// Dataset says which items there are, as for Generate: an answer belongs to the
	// item of its id or cue, and an item without answer gets an empty one, since a
	// model should gain nothing by silence. "": the answers are the items.
	Dataset  string `json:"dataset"`
	Split    string `json:"split"`    // of the items; without Dataset, of answers for which the file names none
	Language string `json:"language"` // likewise
	At       string `json:"at"`       // version of the lake that the items come from; "": now

	Command string `json:"-"`
	Version string `json:"-"` // of alignctl
}

// Import publishes the answers of a file as a run of eval.runs, as if Generate had
// asked for them. When a line can't be read, nothing is published.
func Import(ctx context.Context, l *lake.Lake, o ImportOptions) (_ Generated, err error) {
	i := importing{ImportOptions: o, lines: map[string][]int{}}
	if err := i.read(); err != nil {
		return Generated{}, fmt.Errorf("import answers %q: %w", o.File, err)
	}
	pins, err := i.pins(ctx, l)
	if err != nil {
		return Generated{}, err
	}
	run, err := l.Begin(ctx, lake.RunInfo{Command: o.Command, Version: o.Version, Config: o, Pins: pins})
	if err != nil {
		return Generated{}, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	if err := i.describe(ctx, run); err != nil {
		return Generated{}, err
	}
	if err := i.match(); err != nil {
		return Generated{}, fmt.Errorf("import answers %q: %w", o.File, err)
	}
	run.File(i.raw)
	if err := publish(ctx, run, i.row, i.samples); err != nil {
		return Generated{}, err
	}
	return i.summary(), nil
}

// An importing is the work of one Import call.
type importing struct {
	ImportOptions
	raw     lake.RawFile
	records []fileRecord
	items   []item // of the data set
	row     RunRow

	samples []SampleRow
	lines   map[string][]int // of an item's answers
	leftOut []string         // answers that belong to no item
	missing int              // items without answer
}

// read reads the file and checks what can be known before the lake is open.
func (i *importing) read() error {
	for field := range i.Columns {
		if !slices.Contains(AnswerFields(), field) {
			return fmt.Errorf("an answer has no field %q%s", field, nearest.Hint(field, AnswerFields()))
		}
	}
	content, err := os.ReadFile(i.File)
	if err != nil {
		return err
	}
	path, err := filepath.Abs(i.File)
	if err != nil {
		return err
	}
	if i.records, err = readRecords(i.File, content); err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	i.raw = lake.RawFile{Source: AnswersKind, Name: filepath.Base(path), SHA256: hex.EncodeToString(sum[:]),
		Bytes: int64(len(content)), Rows: int64(len(i.records)), Licence: i.Licence, Path: path}
	return i.filter()
}

// filter keeps the records that Only asks for.
func (i *importing) filter() error {
	var kept []fileRecord
	for _, r := range i.records {
		takes, err := r.has(i.Only)
		if err != nil {
			return err
		}
		if takes {
			kept = append(kept, r)
		}
	}
	if len(kept) == 0 {
		return fmt.Errorf("none of its %d answers has %s", len(i.records), conditions(i.Only))
	}
	i.records = kept
	return nil
}

// has says whether a record has all of some values.
func (r fileRecord) has(values map[string]string) (bool, error) {
	for _, column := range slices.Sorted(maps.Keys(values)) {
		got, found, err := r.value(column)
		if err == nil && !found {
			err = fmt.Errorf("line %d: no column %q (it has %s)", r.line, column, r.columns())
		}
		if err != nil || got != values[column] {
			return false, err
		}
	}
	return true, nil
}

// questions are the options that say which items there are.
func (i *importing) questions() GenerateOptions {
	return GenerateOptions{Dataset: i.Dataset, Split: i.Split, Language: i.Language, At: i.At}.withDefaults()
}

// pins is the version of the lake that the items come from; nil where they come
// from the file.
func (i *importing) pins(ctx context.Context, l *lake.Lake) (lake.Pins, error) {
	if i.Dataset == "" {
		return nil, nil
	}
	pins, err := i.questions().pins(ctx, l)
	if err != nil {
		return nil, err
	}
	return pins, i.questions().validate(pins)
}

// describe fills the run's row with what is known before the answers, and reads
// the items.
func (i *importing) describe(ctx context.Context, run *lake.Run) error {
	now := time.Now().UTC()
	i.row = RunRow{RunID: run.ID(), Suite: Associations, Split: i.Split, Template: optional(i.Template), Decoding: "{}",
		Version: i.Version, StartedAt: now, Status: string(lake.Done)}
	err := i.row.Describe(ctx, run, Source{Kind: AnswersKind, Served: i.Model})
	if err != nil || i.Dataset == "" {
		return err
	}
	asked := i.questions()
	pin, err := run.Input(ctx, asked.Dataset)
	if err != nil {
		return err
	}
	i.row.Dataset, i.row.DatasetSnapshot, i.row.Split = pin.Table, strconv.FormatInt(pin.Snapshot, 10), asked.Split
	i.items, err = readItems(ctx, run.Session(), asked)
	if err == nil && i.row.Template == nil {
		i.row.Template = templateOf(i.items, GenerateOptions{})
	}
	return err
}

// match makes a sample of each answer.
func (i *importing) match() error {
	find := i.index()
	for _, r := range i.records {
		s, err := i.sample(r)
		if err != nil {
			return err
		}
		if !find(&s) {
			i.leftOut = append(i.leftOut, s.ItemID+s.Cue)
			continue
		}
		if err := i.add(s, r.line); err != nil {
			return err
		}
	}
	if len(i.samples) == 0 {
		return fmt.Errorf("none of its %d answers is to an item of %s, split %s (they are to %s)", len(i.records),
			i.row.Dataset, i.row.Split, first(i.leftOut, 5))
	}
	i.complete()
	return nil
}

// index finds the item of a sample, by its id or cue, and fills in what the item
// says. Where the answers are the items, that is nothing.
func (i *importing) index() func(*SampleRow) bool {
	if i.Dataset == "" {
		return func(*SampleRow) bool { return true }
	}
	byID, byCue := map[string]item{}, map[string]item{}
	for _, it := range i.items {
		byID[it.id], byCue[it.cue] = it, it
	}
	return func(s *SampleRow) bool {
		it, found := byID[s.ItemID]
		if s.ItemID == "" {
			it, found = byCue[s.Cue]
		}
		if !found || s.Language != "" && s.Language != it.language {
			return false
		}
		s.ItemID, s.Language, s.Cue, s.Split = it.id, it.language, it.cue, it.split
		return true
	}
}

// sample reads a record.
func (i *importing) sample(r fileRecord) (s SampleRow, err error) {
	s.RunID = i.row.RunID
	for _, f := range []struct {
		name string
		into *string
	}{
		{ItemField, &s.ItemID}, {LanguageField, &s.Language}, {CueField, &s.Cue}, {SplitField, &s.Split},
		{PromptField, &s.Prompt}, {OutputField, &s.Output}, {FinishField, &s.Finish},
	} {
		if *f.into, err = i.field(r, f.name); err != nil {
			return s, err
		}
	}
	if i.Dataset != "" {
		if s.ItemID == "" && s.Cue == "" {
			return s, fmt.Errorf("line %d: it has neither %s nor %s: name the column that holds one (the file has %s)", r.line,
				ItemField, CueField, r.columns())
		}
		return s, nil
	}
	return s, i.standAlone(&s, r)
}

// standAlone makes a sample whole that is its own item.
func (i *importing) standAlone(s *SampleRow, r fileRecord) error {
	if s.Language == "" {
		s.Language = i.Language
	}
	if s.Split == "" {
		s.Split = i.Split
	}
	switch {
	case s.Cue == "":
		return fmt.Errorf("line %d: it has no %s: name the column that holds it (the file has %s)", r.line, CueField, r.columns())
	case s.Language == "":
		return fmt.Errorf("line %d: it has no %s: name the column that holds it, or the language of all answers", r.line, LanguageField)
	case s.ItemID == "":
		s.ItemID = s.Language + ":" + s.Cue
	}
	return nil
}

// field reads a field of an answer. Only OutputField must be there, and what is
// looked for under another name.
func (i *importing) field(r fileRecord, field string) (string, error) {
	column, named := i.Columns[field]
	if !named {
		column = field
	}
	text, found, err := r.value(column)
	if err == nil && !found && (named || field == OutputField) {
		err = fmt.Errorf("line %d: it has no %q, which should be the %s: name the column that holds it (the file has %s)",
			r.line, column, field, r.columns())
	}
	return text, err
}

// add numbers an item's answers.
func (i *importing) add(s SampleRow, line int) error {
	before := i.lines[s.ItemID]
	if len(before) > 0 && !i.Samples {
		return fmt.Errorf("line %d: another answer to item %q, the first is in line %d: choose among them, or take all as samples",
			line, s.ItemID, before[0])
	}
	s.Sample = int32(len(before))
	i.lines[s.ItemID] = append(before, line)
	i.samples = append(i.samples, s)
	return nil
}

// complete adds the answers that aren't there, and sums up.
func (i *importing) complete() {
	for _, it := range i.items {
		if len(i.lines[it.id]) == 0 {
			i.missing++
			i.samples = append(i.samples, SampleRow{RunID: i.row.RunID, ItemID: it.id, Language: it.language, Cue: it.cue,
				Split: it.split, Finish: Missing})
		}
	}
	languages := map[string]bool{}
	for _, s := range i.samples {
		languages[s.Language] = true
	}
	i.row.Languages, i.row.Items = slices.Sorted(maps.Keys(languages)), int64(len(i.samples))
}

func (i *importing) summary() Generated {
	result := Generated{RunID: i.row.RunID, Items: len(i.samples), LeftOut: len(i.leftOut)}
	warn := func(format string, args ...any) {
		result.Warnings = append(result.Warnings, fmt.Sprintf(format, args...))
	}
	if i.row.Split == trainSplit {
		warn(trainWarning)
	}
	if i.missing > 0 {
		warn("%d of %d items have no answer in the file: they count as empty", i.missing, len(i.items))
	}
	if n := len(i.leftOut); n > 0 {
		warn("%d answers are to no item of %s, split %s, and are left out: %s", n, i.row.Dataset, i.row.Split, first(i.leftOut, 5))
	}
	return result
}

// conditions writes values by name.
func conditions(values map[string]string) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if text != "" {
			text += " and "
		}
		text += name + " = " + values[name]
	}
	return text
}
