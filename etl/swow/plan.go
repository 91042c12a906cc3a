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
	Rows    string
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
	held     []held // what the source holds now
	steps    []etl.Step
}

// held is the part of a file that a source holds.
type held struct {
	language, fileID string
	rows             int64
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
	if p.held, err = holding(ctx, l, o.Source); err != nil {
		return nil, fmt.Errorf("look up source %q: %w", o.Source, err)
	}
	return p, nil
}

func (p *Plan) check(ctx context.Context) error {
	if len(p.options.Files) == 0 && p.options.Rows == "" {
		return errors.New("load swow: no file given")
	}
	seen := map[string]string{}
	for _, path := range p.options.Files {
		f, err := etl.Check(ctx, path, Layouts())
		if err != nil {
			return err
		}
		if twin, twice := seen[f.SHA256]; twice {
			return &etl.ParseError{File: path, Reason: "has the same content as " + twin, Cure: "give one of them"}
		}
		seen[f.SHA256] = path
		p.files = append(p.files, f)
	}
	return nil
}

// holding lists the files of a source as raw.swow has them now.
func holding(ctx context.Context, l *lake.Lake, source string) (files []held, err error) {
	pins, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	name := rawSpec().Name
	pin, exists := pins[name]
	if !exists {
		return nil, nil
	}
	session, err := l.Session(ctx, lake.Pins{name: pin}, lake.SessionOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	rows, err := session.Query(ctx, `select language, file_id, count(*) from raw.swow where source = ?
		group by language, file_id order by language, file_id`, source)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var h held
		if err := rows.Scan(&h.language, &h.fileID, &h.rows); err != nil {
			return nil, err
		}
		files = append(files, h)
	}
	return files, rows.Err()
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
			stay += h.rows
		} else {
			leave += h.rows
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
func (p *Plan) stays(h held) bool {
	return p.options.Append && !slices.ContainsFunc(p.files, func(f *etl.Checked) bool { return f.FileID() == h.fileID })
}

// languages lists the languages whose core tables the load moves: its own,
// and those of the files that the source held.
func (p *Plan) languages() []string {
	codes := []string{p.language.Code}
	for _, h := range p.held {
		if !slices.Contains(codes, h.language) {
			codes = append(codes, h.language)
		}
	}
	return codes
}
