package norms

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
	Files   []string
	Set     *Set   // how the files are to be read
	Source  string // "": the set's name
	Append  bool   // keep the source's other files; else it holds exactly Files
	Licence string // of the files; "": the set's
	// Rows is a SELECT of rows of raw.norm, of this source, that are loaded
	// beside Files; "": none. So a source is loaded again of which a file is gone
	// and an earlier version of the lake has its rows.
	Rows string
	etl.CheckOptions
	Memory  string     // DuckDB's share; "": etl.DefaultMemory
	Engine  etl.Opener // what runs the transforms; nil: DuckDB
	Recipe  any        // what a pipeline knows the load by: recorded in Config, else without effect
	Command string     // the command line, for the lake's history
	Version string     // of alignctl
}

// A Plan is a load whose files have been checked and counted: it says what
// will move before anything moves.
type Plan struct {
	options Options
	lake    *lake.Lake
	files   []*etl.Checked
	held    []etl.Held // what the source holds now, by language
	steps   []etl.Step
}

// Prepare checks the files and looks up what the source holds. A file that
// breaks its contract gives an *etl.ParseError.
func Prepare(ctx context.Context, l *lake.Lake, o Options) (*Plan, error) {
	if o.Source == "" {
		o.Source = o.Set.Name
	}
	if o.Licence == "" {
		o.Licence = o.Set.Licence
	}
	p := &Plan{options: o, lake: l}
	var report etl.Report
	if err := report.Time("check", func() error { return p.check(ctx) }); err != nil {
		return nil, err
	}
	p.steps = report.Steps
	var err error
	p.held, err = etl.Holding(ctx, l, rawSpec().Name, "language", o.Source)
	return p, err
}

func (p *Plan) check(ctx context.Context) (err error) {
	if len(p.options.Files) == 0 && p.options.Rows == "" {
		return errors.New("load norms: no file given")
	}
	set := p.options.Set
	if p.files, err = etl.CheckAll(ctx, p.options.Files, set.Layouts(), p.options.CheckOptions); err != nil {
		return set.advise(err)
	}
	for _, f := range p.files {
		if len(set.held(f)) == 0 {
			return &etl.ParseError{File: f.Path, Line: 1, Reason: "no column with the mean of a dimension",
				Cure: "is it a file of " + set.Name + "?"}
		}
	}
	return nil
}

// advise adds the set's advice to an error in a header.
func (s *Set) advise(err error) error {
	var fault *etl.ParseError
	if s.Advice == "" || !errors.As(err, &fault) || fault.Line != 1 {
		return err
	}
	told := *fault
	told.Cure += "; " + s.Advice
	return &told
}

// held are the ratings whose means a file has.
func (s *Set) held(f *etl.Checked) []rating {
	return slices.DeleteFunc(s.ratings(), func(r rating) bool { return !has(f, r.column("mean")) })
}

func has(f *etl.Checked, column string) bool {
	return slices.ContainsFunc(f.Columns, func(c etl.Column) bool { return c.Name == column })
}

// String says what will move, such as
// "warriner: 1 file, 13915 records; 292215 rows replace 0 rows".
func (p *Plan) String() string {
	var records, enter int64
	for _, f := range p.files {
		records += f.Rows
		enter += f.Rows * int64(len(p.options.Set.held(f)))
	}
	leave, stay := etl.Replaced(p.held, p.files, p.options.Append)
	files := "files"
	if len(p.files) == 1 {
		files = "file"
	}
	text := fmt.Sprintf("%s: %d %s, %d records; %d rows replace %d rows",
		p.options.Source, len(p.files), files, records, enter, leave)
	if p.options.Append {
		text += fmt.Sprintf(", %d rows stay", stay)
	}
	return text
}

// Kind is the value of Config.Kind.
const Kind = "etl norms"

// A Config is what decides the tables of a load, besides the bytes of its
// files: the configuration of its run, by which it can be run again.
type Config struct {
	Kind     string   `json:"kind"` // Kind
	Source   string   `json:"source"`
	Set      *Set     `json:"set"` // all of it: a user's mapping may be gone
	Append   bool     `json:"append"`
	Licence  string   `json:"licence"`
	Encoding string   `json:"encoding,omitempty"`
	Reject   bool     `json:"reject,omitempty"` // bad records are set aside
	Files    []string `json:"files"`            // sha256 of each
	Rows     string   `json:"rows,omitempty"`   // see Options

	Engine string `json:"engine,omitempty"` // that ran the transforms; empty: DuckDB
	Recipe any    `json:"recipe,omitempty"` // see Options
}

// Config is the configuration that the load's run records.
func (p *Plan) Config() Config {
	o := p.options
	c := Config{Kind: Kind, Source: o.Source, Set: o.Set, Append: o.Append, Licence: o.Licence, Encoding: o.Encoding,
		Reject: o.Rejects != nil, Rows: o.Rows, Engine: etl.Other(o.Engine), Recipe: o.Recipe}
	for _, f := range p.files {
		c.Files = append(c.Files, f.SHA256)
	}
	return c
}
