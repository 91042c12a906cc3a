package swow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"alignctl/etl"
	"alignctl/lake"
)

// Options say what to load.
type Options struct {
	Files    []string
	Language string // code of the files' language
	Source   string // "": the language's own, such as swow-en
	Append   bool   // keep the source's other files; else it holds exactly Files
	Licence  string // of the files; "": Licence
	// Rows is a SELECT of rows of raw.swow, of this source, that are loaded
	// beside Files; "": none. So a source is loaded again of which a file is gone
	// and an earlier version of the lake has its rows.
	Rows string
	etl.CheckOptions
	Memory  string // DuckDB's share; "": etl.DefaultMemory
	Command string // the command line, for the lake's history
	Version string // of alignctl
}

// A Plan is a load whose files have been checked and counted: it says what
// will move before anything moves.
type Plan struct {
	options  Options
	lake     *lake.Lake
	language *Language
	files    []*etl.Checked
	held     []etl.Held // what the source holds now, by language
	steps    []etl.Step
}

// Prepare checks the files and looks up what the source holds. A file that
// breaks its contract gives an *etl.ParseError.
func Prepare(ctx context.Context, l *lake.Lake, o Options) (*Plan, error) {
	language, err := FindLanguage(o.Language)
	if err != nil {
		return nil, err
	}
	if o.Source == "" {
		o.Source = language.Source
	}
	if o.Licence == "" {
		o.Licence = Licence
	}
	p := &Plan{options: o, lake: l, language: language}
	var report etl.Report
	if err := report.Time("check", func() error { return p.check(ctx) }); err != nil {
		return nil, err
	}
	p.steps = report.Steps
	p.held, err = etl.Holding(ctx, l, rawSpec().Name, "language", o.Source)
	return p, err
}

func (p *Plan) check(ctx context.Context) (err error) {
	if len(p.options.Files) == 0 && p.options.Rows == "" {
		return errors.New("load swow: no file given")
	}
	p.files, err = etl.CheckAll(ctx, p.options.Files, Layouts(), p.options.CheckOptions)
	return err
}

// String says what will move, such as
// "swow-en: 1 file, 99300 rows replace 0 rows".
func (p *Plan) String() string {
	var enter, leave, stay int64
	for _, f := range p.files {
		enter += f.Rows
	}
	for _, h := range p.held {
		if p.stays(h) {
			stay += h.Rows
		} else {
			leave += h.Rows
		}
	}
	files := "files"
	if len(p.files) == 1 {
		files = "file"
	}
	text := fmt.Sprintf("%s: %d %s, %d rows replace %d rows", p.options.Source, len(p.files), files, enter, leave)
	if p.options.Append {
		text += fmt.Sprintf(", %d rows stay", stay)
	}
	return text
}

// stays reports whether a file that the source holds is kept as it is: under
// Append, all but those that are loaded again.
func (p *Plan) stays(h etl.Held) bool {
	return p.options.Append && !slices.ContainsFunc(p.files, func(f *etl.Checked) bool { return f.FileID() == h.FileID })
}

// languages lists the languages whose core tables the load moves: its own,
// and those of the files that the source held.
func (p *Plan) languages() []string {
	codes := []string{p.language.Code}
	for _, h := range p.held {
		if !slices.Contains(codes, h.Group) {
			codes = append(codes, h.Group)
		}
	}
	return codes
}
