package wvs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"alignctl/etl"
	"alignctl/lake"
)

// Options say what to load.
type Options struct {
	Files   []string
	Source  string // "": wvs7-usa for files of one country, wvs7 for more
	Append  bool   // keep the source's other files; else it holds exactly Files
	Licence string // of the files; "": Licence
	// Codebook is a file with the words of questions and answers; "": none. A
	// codebook in JSON is in CodebookLanguage ("": en); one in CSV says it itself.
	Codebook, CodebookLanguage string
	// Rows are loaded beside Files. So a source is loaded again of which a file is
	// gone and an earlier version of the lake has its rows.
	Rows Rows
	etl.CheckOptions
	Memory  string     // DuckDB's share; "": etl.DefaultMemory
	Engine  etl.Opener // what runs the transforms; nil: DuckDB
	Recipe  any        // what a pipeline knows the load by: recorded in Config, else without effect
	Command string     // the command line, for the lake's history
	Version string     // of alignctl
}

// Rows are SELECTs of a source's rows as an earlier version of the lake has
// them; "": none.
type Rows struct {
	Respondents string `json:"respondents,omitempty"` // of raw.wvs_respondent
	Answers     string `json:"answers,omitempty"`     // of raw.wvs_answer: what these respondents answered
	Questions   string `json:"questions,omitempty"`   // of core.wvs_question: the texts, in the place of a codebook's
	Options     string `json:"options,omitempty"`     // of core.wvs_option: the labels
}

// A Plan is a load whose files have been checked and counted: it says what
// will move before anything moves.
type Plan struct {
	options  Options
	lake     *lake.Lake
	files    []*etl.Checked // by FileID
	sheets   []*sheet       // the answers in each of files
	codebook *Codebook      // nil: none
	held     []etl.Held     // what the source holds now, by country
	steps    []etl.Step
}

// Prepare checks the files and looks up what the source holds. A file that
// breaks its contract gives an *etl.ParseError.
func Prepare(ctx context.Context, l *lake.Lake, o Options) (*Plan, error) {
	if o.Licence == "" {
		o.Licence = Licence
	}
	p := &Plan{options: o, lake: l}
	var report etl.Report
	if err := report.Time("check", func() error { return p.check(ctx) }); err != nil {
		return nil, err
	}
	p.steps = report.Steps
	var err error
	p.held, err = etl.Holding(ctx, l, respondentSpec().Name, "country", p.options.Source)
	return p, err
}

func (p *Plan) check(ctx context.Context) (err error) {
	if len(p.options.Files) == 0 && p.options.Rows.Respondents == "" {
		return errors.New("load wvs: no file given")
	}
	if p.options.Codebook != "" {
		if p.codebook, err = ReadCodebook(ctx, p.options.Codebook, p.options.CodebookLanguage); err != nil {
			return err
		}
	}
	c := newCensus()
	p.files, err = etl.CheckAll(ctx, p.options.Files, []etl.Layout{c.layout()}, p.options.CheckOptions)
	if err != nil {
		return p.explain(err)
	}
	if err := p.keep(c); err != nil {
		return err
	}
	if p.options.Source == "" {
		p.options.Source = sourceOf(c.countries)
	}
	return nil
}

// keep takes the answers that the check read, a sheet a file.
func (p *Plan) keep(c *census) error {
	c.complete = true
	for i, f := range p.files {
		if len(questionsOf(f)) == 0 {
			return &etl.ParseError{File: f.Path, Line: 1, Reason: "no column is a question of wave 7",
				Cure: "the header needs names such as Q1"}
		}
		c.sheets[i].fileID = f.FileID()
	}
	p.sheets = c.sheets
	slices.SortFunc(p.files, func(a, b *etl.Checked) int { return strings.Compare(a.FileID(), b.FileID()) })
	return nil
}

// sourceOf names the source of files of these countries.
func sourceOf(countries map[string]bool) string {
	if len(countries) == 1 {
		for country := range maps.Keys(countries) {
			return "wvs7-" + strings.ToLower(country)
		}
	}
	return "wvs7"
}

// explain looks at the header of a file that breaks its contract.
func (p *Plan) explain(err error) error {
	var bad *etl.ParseError
	if !errors.As(err, &bad) {
		return err
	}
	f, openErr := os.Open(bad.File)
	if openErr != nil {
		return err
	}
	defer f.Close()
	header, _ := bufio.NewReader(io.LimitReader(f, etl.MaxLine)).ReadString('\n') // what there is of it
	return explain(err, header)
}

// String says what will move, such as
// "wvs7-usa: 1 file, 2596 respondents replace 0 respondents".
func (p *Plan) String() string {
	var enter int64
	for _, f := range p.files {
		enter += f.Rows
	}
	leave, stay := etl.Replaced(p.held, p.files, p.options.Append)
	files := "files"
	if len(p.files) == 1 {
		files = "file"
	}
	text := fmt.Sprintf("%s: %d %s, %d respondents replace %d respondents",
		p.options.Source, len(p.files), files, enter, leave)
	if p.options.Append {
		text += fmt.Sprintf(", %d respondents stay", stay)
	}
	return text
}
