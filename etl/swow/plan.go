package swow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"alignctl/etl"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// Options say what to load.
type Options struct {
	Files    []string
	Language string    // code of the files' language
	Pack     *Language // a pack of the user's, instead of that of Language
	Source   string    // "": the language's own, such as swow-en
	Append   bool      // keep the source's other files; else it holds exactly Files
	Licence  string    // of the files; "": Licence
	// Rows is a SELECT of rows of raw.swow, of this source, that are loaded
	// beside Files; "": none. So a source is loaded again of which a file is gone
	// and an earlier version of the lake has its rows.
	Rows string
	Lists
	Steps       Steps        // "": AutoSteps
	SelfAnswers SelfAnswers  // "": as the pack says
	Populations []Population // beside the pack's; one of the same name replaces it
	etl.CheckOptions
	Memory  string     // DuckDB's share; "": etl.DefaultMemory
	Engine  etl.Opener // what runs the transforms; nil: DuckDB
	Recipe  any        // what a pipeline knows the load by: recorded in Config, else without effect
	Command string     // the command line, for the lake's history
	Version string     // of alignctl
}

// Steps says which files go through steps 5 to 8 of the official cleaning: the
// rules about participants, and the sample.
type Steps string

// The choices of Steps.
const (
	AutoSteps Steps = "auto" // files that nobody has cleaned: layouts complete and raw-zh
	AllSteps  Steps = "all"  // every file of the language
	NoSteps   Steps = "none" // no file
)

// A Plan is a load whose files have been checked and counted: it says what
// will move before anything moves.
type Plan struct {
	options  Options
	lake     *lake.Lake
	language *Language
	files    []*etl.Checked
	lists    map[string]*etl.Checked // by name
	held     []etl.Held              // what the source holds now, by language
	steps    []etl.Step

	populations groups
}

// Prepare checks the files and looks up what the source holds. A file that
// breaks its contract gives an *etl.ParseError.
func Prepare(ctx context.Context, l *lake.Lake, o Options) (*Plan, error) {
	p := &Plan{lake: l, language: o.Pack}
	if p.language == nil {
		var err error
		if p.language, err = FindLanguage(o.Language); err != nil {
			return nil, err
		}
	}
	if o.Language != "" && o.Language != p.language.Code {
		return nil, fmt.Errorf("load swow: the pack is for language %q, not %q", p.language.Code, o.Language)
	}
	if err := o.complete(p.language); err != nil {
		return nil, err
	}
	p.options = o
	var report etl.Report
	if err := report.Time("check", func() error { return p.check(ctx) }); err != nil {
		return nil, err
	}
	p.steps = report.Steps
	if err := p.admit(ctx); err != nil {
		return nil, err
	}
	var err error
	if p.held, err = etl.Holding(ctx, l, rawSpec().Name, "language", o.Source); err != nil {
		return nil, err
	}
	return p, p.alone(ctx)
}

// alone refuses a file that another source of the language holds: its records
// would count twice.
func (p *Plan) alone(ctx context.Context) (err error) {
	name := rawSpec().Name
	pins, err := p.lake.At(ctx, "")
	if err != nil {
		return err
	}
	pin, exists := pins[name]
	if !exists {
		return nil
	}
	session, err := p.lake.Session(ctx, lake.Pins{name: pin}, lake.SessionOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	for _, f := range p.files {
		var other string
		query := fmt.Sprintf("select coalesce(min(source), '') from %s where file_id = %s and source <> %s and language = %s",
			name, duck.Literal(f.FileID()), duck.Literal(p.options.Source), duck.Literal(p.language.Code))
		if err := etl.Scan(ctx, session, query, &other); err != nil {
			return err
		}
		if other != "" {
			return &etl.ParseError{File: f.Path, Reason: fmt.Sprintf("source %q of the language holds the same file", other),
				Cure: fmt.Sprintf("load it with --source %s, or load other files there first", other)}
		}
	}
	return nil
}

// complete fills in what the options leave to the language.
func (o *Options) complete(l *Language) error {
	o.Source = cmp.Or(o.Source, l.Source)
	o.Licence = cmp.Or(o.Licence, Licence)
	o.Steps = cmp.Or(o.Steps, AutoSteps)
	o.SelfAnswers = cmp.Or(o.SelfAnswers, l.SelfAnswers)
	if !slices.Contains([]Steps{AutoSteps, AllSteps, NoSteps}, o.Steps) {
		return fmt.Errorf("load swow: steps %q are not known; give auto, all or none", o.Steps)
	}
	if o.SelfAnswers != KeepSelf && o.SelfAnswers != DropSelf {
		return fmt.Errorf("load swow: self answers %q is not known; give keep or drop", o.SelfAnswers)
	}
	populations := slices.Clone(l.Populations)
	for _, p := range o.Populations {
		if p.Name == everybody && p.Where != "" {
			return fmt.Errorf("load swow: population %q is everybody who is kept; give the condition another name", p.Name)
		}
		at := slices.IndexFunc(populations, func(q Population) bool { return q.Name == p.Name })
		if at >= 0 {
			populations[at] = p
		} else {
			populations = append(populations, p)
		}
	}
	o.Populations = populations
	return nil
}

// admit checks the conditions of the populations.
func (p *Plan) admit(ctx context.Context) (err error) {
	session, err := p.lake.Session(ctx, nil, lake.SessionOptions{Threads: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	p.populations, err = checkPopulations(ctx, session, p.options.Populations, p.options.Engine)
	return err
}

func (p *Plan) check(ctx context.Context) (err error) {
	if len(p.options.Files) == 0 && p.options.Rows == "" {
		return errors.New("load swow: no file given")
	}
	p.files, err = etl.CheckAll(ctx, p.options.Files, Layouts(), p.options.CheckOptions)
	if err == nil {
		p.lists, err = checkLists(ctx, p.options.Lists)
	}
	return err
}

// String says what will move, such as
// "swow-en: 1 file, 99300 rows replace 0 rows".
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
	text := fmt.Sprintf("%s: %d %s, %d rows replace %d rows", p.options.Source, len(p.files), files, enter, leave)
	if p.options.Append {
		text += fmt.Sprintf(", %d rows stay", stay)
	}
	return text
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
