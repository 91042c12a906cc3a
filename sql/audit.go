package sql

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"alignctl/internal/progress"
	"alignctl/lake"
)

//go:embed audits/*.sql
var auditFiles embed.FS

// A standing audit is asked of each data set that has the columns that it
// needs, beside the audits of the view's own file. It sees the rows, those of one
// scope, as the table built. A report may return rows: they are shown, and forbid nothing.
type standing struct {
	Audit
	file   string
	report bool
	needs  []string // columns of the data set
	reads  []string // tables, without which a report isn't made
}

// A Finding is what an audit or a report says of a built data set.
type Finding struct {
	Audit
	Report  bool   // its rows are shown; those of an audit are faults
	Waived  string // "split=question": the parameter by which the audit isn't asked; ""
	Columns []string
	Rows    [][]any // the first ones
	Found   int64   // how many there are
}

// findingRows is how many rows a Finding keeps.
const findingRows = 20

var standingLine = regexp.MustCompile(`^-- (audit|report): ([a-z-]+) "(.+)"$`)

// standingAudits reads the files of the folder audits: a line with kind, name
// and doc, one with the needed columns, one with tables, the query.
func standingAudits() ([]standing, error) {
	files, err := fs.Glob(auditFiles, "audits/*.sql")
	if err != nil {
		return nil, err
	}
	all := make([]standing, len(files))
	for i, name := range files {
		text, err := fs.ReadFile(auditFiles, name)
		if err != nil {
			return nil, fmt.Errorf("read audit: %w", err)
		}
		if all[i], err = parseStanding(path.Join("sql", name), string(text)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func parseStanding(file, text string) (s standing, err error) {
	lines := strings.Split(text, "\n")
	m := standingLine.FindStringSubmatch(lines[0])
	if m == nil {
		return s, &ParseError{File: file, Line: 1, Msg: `want -- audit: NAME "DOC" or -- report: NAME "DOC"`}
	}
	s = standing{file: file, report: m[1] == "report"}
	first := 1
	for ; first < len(lines) && strings.HasPrefix(lines[first], "-- "); first++ {
		switch key, value, _ := strings.Cut(lines[first][3:], ": "); key {
		case "needs":
			s.needs = strings.Split(value, ", ")
		case "reads":
			s.reads = strings.Split(value, ", ")
		default:
			return s, &ParseError{File: file, Line: first + 1, Msg: "want needs: or reads:"}
		}
	}
	query := strings.TrimSpace(strings.Join(lines[first:], "\n"))
	s.Audit = Audit{Name: m[2], Doc: m[3], Query: Statement{SQL: query, Line: first + 1}}
	return s, nil
}

// fits says whether a data set has the columns that the audit needs.
func (s standing) fits(columns []string) bool {
	return !slices.ContainsFunc(s.needs, func(name string) bool { return !slices.Contains(columns, name) })
}

// lacks says whether a table that the report reads isn't there.
func (s standing) lacks(pins lake.Pins) bool {
	return slices.ContainsFunc(s.reads, func(table string) bool { _, there := pins[table]; return !there })
}

// at adds the place in the audit's file to an error.
func (s standing) at(err error) error { return (&View{File: s.file}).at(s.Query, err) }

// waived gives the parameter and value by which a view's header lifts an audit,
// or "".
func (v *View) waived(audit string, params map[string]any) string {
	for _, w := range v.Waivers {
		if w.Audit == audit && fmt.Sprint(params[w.Param]) == w.Value {
			return w.Param + "=" + w.Value
		}
	}
	return ""
}

// Audit asks all audits and reports of a data set as it is at a version of the
// lake ("" is now), over the tables of that version.
func (c *Catalogue) Audit(ctx context.Context, l *lake.Lake, name, at string) ([]Finding, error) {
	return c.examine(ctx, l, name, at, func(standing, string) bool { return true })
}

// Reports is Audit without the audits that a build asks before it publishes:
// reports, and what was waived.
func (c *Catalogue) Reports(ctx context.Context, l *lake.Lake, name, at string) ([]Finding, error) {
	return c.examine(ctx, l, name, at, func(s standing, waived string) bool { return s.report || waived != "" })
}

// examine asks those audits and reports that are wanted.
func (c *Catalogue) examine(ctx context.Context, l *lake.Lake, name, at string, wanted func(a standing, waived string) bool) (
	found []Finding, err error) {
	made, err := c.Made(ctx, l, name, at)
	if err != nil {
		return nil, err
	}
	pins, err := l.At(ctx, at)
	if err != nil {
		return nil, err
	}
	session, err := l.Session(ctx, pins, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	view, err := c.View(name)
	if err != nil {
		return nil, err
	}
	params, err := view.values(made.Recipe.Set())
	if err != nil {
		return nil, fmt.Errorf("audit %s: %w", view.Name, err)
	}
	made.Recipe.Params = params
	if err := c.equip(ctx, l, session, made.Recipe, pins); err != nil {
		return nil, err
	}
	asked, err := view.audits(ctx, session, params)
	if err != nil {
		return nil, err
	}
	asked = slices.DeleteFunc(asked, func(a standing) bool { return a.lacks(pins) || !wanted(a, view.waived(a.Name, params)) })
	return view.findings(ctx, session, params, asked)
}

// findings asks audits and reports.
func (v *View) findings(ctx context.Context, s *lake.Session, params map[string]any, asked []standing) ([]Finding, error) {
	task := progress.Start(ctx, "audit "+v.Name, int64(len(asked)), "audits")
	defer task.Done()
	var found []Finding
	for _, a := range asked {
		f := Finding{Audit: a.Audit, Report: a.report, Waived: v.waived(a.Name, params)}
		if f.Waived == "" {
			if err := f.ask(ctx, s); err != nil {
				return nil, a.at(fmt.Errorf("audit %q: %w", a.Name, err))
			}
		}
		found = append(found, f)
		task.Add(1)
	}
	return found, nil
}

// audits gives the view's own audits, then the standing ones and reports that
// fit the built table, and makes the table that those read.
func (v *View) audits(ctx context.Context, s *lake.Session, params map[string]any) ([]standing, error) {
	columns, err := s.Describe(ctx, "FROM "+v.Name)
	if err != nil {
		return nil, fmt.Errorf("audit %s: %w", v.Name, err)
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	all, err := standingAudits()
	if err != nil {
		return nil, err
	}
	if err := s.Exec(ctx, "CREATE OR REPLACE TEMP VIEW built AS "+v.rows(v.scopeIn(params))); err != nil {
		return nil, fmt.Errorf("audit %s: %w", v.Name, err)
	}
	var asked []standing
	for _, own := range v.Audits {
		asked = append(asked, standing{Audit: own, file: v.File})
	}
	return append(asked, slices.DeleteFunc(all, func(a standing) bool { return !a.fits(names) })...), nil
}

func (f *Finding) ask(ctx context.Context, s *lake.Session) (err error) {
	rows, err := s.Query(ctx, f.Query.SQL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if f.Columns, err = rows.Columns(); err != nil {
		return err
	}
	for ; rows.Next(); f.Found++ {
		if f.Found >= findingRows {
			continue
		}
		values, into := make([]any, len(f.Columns)), make([]any, len(f.Columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		f.Rows = append(f.Rows, values)
	}
	return rows.Err()
}
