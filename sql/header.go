package sql

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"alignctl/internal/nearest"
	"alignctl/lake"
)

var (
	viewName   = regexp.MustCompile(`^(data|core|eval)\.[a-z][a-z0-9_]*$`)
	tableForm  = regexp.MustCompile(`^([a-z]+\.[a-z][a-z0-9_]*)\(([a-z0-9_, ]+)\)$`)
	identName  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	auditName  = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	waiverForm = regexp.MustCompile(`^([a-z][a-z0-9-]*) ([a-z][a-z0-9_]*)=(\S+)$`)
	entryLine  = regexp.MustCompile(`^-- ([a-z]+):(?: (.*))?$`)
)

const auditPrefix = "-- audit:"

// An entry is one "-- keyword: text" of a view file.
type entry struct {
	keyword string
	text    string // continuation lines joined by a blank
	line    int
}

// headerKeywords are the entries that may stand before the query.
func headerKeywords() []string {
	return []string{"view", "doc", "key", "scope", "licence", "engines", "optional", "waive", "param", "column"}
}

// ParseView reads the text of a view file; file is its path, for messages, and
// its base name must be the view's. Faults are *[ParseError].
func ParseView(file, text string) (*View, error) {
	lines := strings.Split(strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n"), "\n")
	p := &viewParser{file: file, view: &View{File: file}}
	entries, body, err := p.split(lines)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := p.entry(e); err != nil {
			return nil, err
		}
	}
	if err := p.body(lines, body); err != nil {
		return nil, err
	}
	return p.view, p.check()
}

type viewParser struct {
	file  string
	view  *View
	seen  []string // single entries met so far
	scope int      // line of that entry
}

func (p *viewParser) errorf(line int, format string, args ...any) error {
	return &ParseError{File: p.file, Line: line, Msg: fmt.Sprintf(format, args...)}
}

// split gives the header's entries and the index of the first line after it.
func (p *viewParser) split(lines []string) (entries []entry, body int, err error) {
	for i, raw := range lines {
		line := strings.TrimRight(raw, " \t")
		switch {
		case line == "" || line == "--":
			continue
		case !strings.HasPrefix(line, "--") || strings.HasPrefix(line, auditPrefix):
			return entries, i, nil
		case strings.HasPrefix(line, "--   "):
			if len(entries) == 0 {
				return nil, 0, p.errorf(i+1, "continuation line before the first entry")
			}
			last := &entries[len(entries)-1]
			last.text = strings.TrimSpace(last.text + " " + strings.TrimSpace(line[2:]))
			continue
		}
		m := entryLine.FindStringSubmatch(line)
		if m == nil {
			return nil, 0, p.errorf(i+1, `not a header entry: want "-- keyword: text", three blanks to continue one`)
		}
		entries = append(entries, entry{keyword: m[1], text: strings.TrimSpace(m[2]), line: i + 1})
	}
	return entries, len(lines), nil
}

func (p *viewParser) entry(e entry) error {
	if e.text == "" {
		return p.errorf(e.line, "%s: is empty", e.keyword)
	}
	switch e.keyword {
	case "param", "column":
		return p.repeated(e)
	case "waive":
		return p.waive(e)
	}
	if slices.Contains(p.seen, e.keyword) {
		return p.errorf(e.line, "second %s: entry", e.keyword)
	}
	p.seen = append(p.seen, e.keyword)
	switch e.keyword {
	case "view":
		p.view.Name = e.text
		return p.checkName(e)
	case "doc":
		p.view.Doc = e.text
	case "key":
		return p.key(e)
	case "scope":
		p.view.Scope, p.scope = e.text, e.line
	case "engines":
		return p.engines(e)
	case "optional":
		return p.optional(e)
	case "licence":
		p.view.Licence = lake.Licence(e.text)
		if p.view.Licence != lake.OpenData && p.view.Licence != lake.NoRedistribution {
			return p.errorf(e.line, "licence %q: want %s or %s", e.text, lake.OpenData, lake.NoRedistribution)
		}
	default:
		return p.errorf(e.line, "unknown entry %q%s", e.keyword, nearest.Hint(e.keyword, headerKeywords()))
	}
	return nil
}

func (p *viewParser) checkName(e entry) error {
	if !viewName.MatchString(e.text) {
		return p.errorf(e.line, `view %q: want "data." (or "core.", "eval.") and a lower-case name`, e.text)
	}
	_, name, _ := strings.Cut(e.text, ".")
	if name != strings.TrimSuffix(path.Base(p.file), ".sql") {
		return p.errorf(e.line, "view %q stands in %s: call the file %s.sql", e.text, path.Base(p.file), name)
	}
	return nil
}

func (p *viewParser) key(e entry) error {
	for column := range strings.SplitSeq(e.text, ",") {
		column = strings.TrimSpace(column)
		if !identName.MatchString(column) || slices.Contains(p.view.Key, column) {
			return p.errorf(e.line, "key: column %q is repeated or not a lower-case name", column)
		}
		p.view.Key = append(p.view.Key, column)
	}
	return nil
}

// engines reads the engines on which the query gives the same rows.
func (p *viewParser) engines(e entry) error {
	for name := range strings.SplitSeq(e.text, ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(engines(), name) || slices.Contains(p.view.Engines, name) {
			return p.errorf(e.line, "engines: %q is repeated or not one of %s", name, strings.Join(engines(), ", "))
		}
		p.view.Engines = append(p.view.Engines, name)
	}
	if !slices.Contains(p.view.Engines, onDuckDB) {
		return p.errorf(e.line, "engines: every view runs on duckdb, too: duckdb, %s", e.text)
	}
	return nil
}

// optional reads the table that may be absent.
func (p *viewParser) optional(e entry) error {
	m := tableForm.FindStringSubmatch(e.text)
	if m == nil {
		return p.errorf(e.line, "optional: %q: want a table and those of its columns that the query names: core.lemma(form, lemma)", e.text)
	}
	p.view.Optional = &Optional{Table: m[1]}
	for column := range strings.SplitSeq(m[2], ",") {
		p.view.Optional.Columns = append(p.view.Optional.Columns, strings.TrimSpace(column))
	}
	return nil
}

// waive reads the audit that a parameter's value lifts.
func (p *viewParser) waive(e entry) error {
	m := waiverForm.FindStringSubmatch(e.text)
	if m == nil {
		return p.errorf(e.line, "waive: %q: want an audit, a parameter and its value: no-group-crosses split=question", e.text)
	}
	p.view.Waivers = append(p.view.Waivers, Waiver{Audit: m[1], Param: m[2], Value: m[3]})
	return nil
}

// repeated reads a param or column entry.
func (p *viewParser) repeated(e entry) error {
	words, doc, err := fields(e.text)
	if err != nil {
		return p.errorf(e.line, "%s: %v", e.keyword, err)
	}
	if e.keyword == "column" {
		column, err := parseColumn(words, doc)
		if err != nil {
			return p.errorf(e.line, "column: %v", err)
		}
		if slices.ContainsFunc(p.view.Columns, func(c Column) bool { return c.Name == column.Name }) {
			return p.errorf(e.line, "column %q is declared twice", column.Name)
		}
		column.line = e.line
		p.view.Columns = append(p.view.Columns, column)
		return nil
	}
	param, err := parseParam(words, doc)
	if err != nil {
		return p.errorf(e.line, "param: %v", err)
	}
	if slices.ContainsFunc(p.view.Params, func(o Param) bool { return o.Name == param.Name }) {
		return p.errorf(e.line, "param %q is declared twice", param.Name)
	}
	p.view.Params = append(p.view.Params, param)
	return nil
}

func parseColumn(words []string, doc string) (Column, error) {
	if len(words) == 0 || !identName.MatchString(words[0]) {
		return Column{}, fmt.Errorf(`want NAME [unit=UNIT] [null] "DOC", with a lower-case name`)
	}
	column := Column{Name: words[0], Doc: doc}
	for _, word := range words[1:] {
		unit, isUnit := strings.CutPrefix(word, "unit=")
		switch {
		case isUnit:
			column.Unit = unit
		case word == "null":
			column.Null = true
		default:
			return Column{}, fmt.Errorf("%q: unknown word %q, want unit=UNIT or null", column.Name, word)
		}
	}
	return column, nil
}

// body reads the query and the audits, which start at lines[from].
func (p *viewParser) body(lines []string, from int) error {
	start, audit := from, (*entry)(nil)
	for i := from; i < len(lines); i++ {
		if !strings.HasPrefix(lines[i], auditPrefix) {
			if m := entryLine.FindStringSubmatch(lines[i]); m != nil && slices.Contains(headerKeywords(), m[1]) {
				return p.errorf(i+1, "%s: stands after the query began, move it to the header", m[1])
			}
			continue
		}
		if err := p.section(audit, lines[start:i], start+1); err != nil {
			return err
		}
		start = i + 1
		audit = &entry{keyword: "audit", text: strings.TrimSpace(lines[i][len(auditPrefix):]), line: i + 1}
	}
	return p.section(audit, lines[start:], start+1)
}

// section stores a query: the view's own when audit is nil.
func (p *viewParser) section(audit *entry, lines []string, line int) error {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines, line = lines[1:], line+1
	}
	query := Statement{SQL: strings.TrimRight(strings.Join(lines, "\n"), "; \t\n"), Line: line}
	if audit == nil {
		if p.view.Query = query; query.SQL == "" {
			return p.errorf(line, "no query after the header")
		}
		return nil
	}
	words, doc, err := fields(audit.text)
	if err != nil || len(words) != 1 || !auditName.MatchString(words[0]) {
		return p.errorf(audit.line, `audit %q: want NAME "DOC", a lower-case name with hyphens`, audit.text)
	}
	if slices.ContainsFunc(p.view.Audits, func(a Audit) bool { return a.Name == words[0] }) {
		return p.errorf(audit.line, "audit %q is declared twice", words[0])
	}
	if query.SQL == "" {
		return p.errorf(audit.line, "audit %q has no query", words[0])
	}
	p.view.Audits = append(p.view.Audits, Audit{Name: words[0], Doc: doc, Query: query})
	return nil
}

// check tells which entry is missing from the file.
func (p *viewParser) check() error {
	for _, keyword := range []string{"view", "doc", "key", "licence"} {
		if !slices.Contains(p.seen, keyword) {
			return p.errorf(1, "the header has no %s: entry", keyword)
		}
	}
	switch live := p.view.live(); {
	case live && len(p.view.Audits) > 0:
		return p.errorf(p.view.Audits[0].Query.Line, "a view under core or eval without params and scope stands in every session: "+
			"it has no audits")
	case !live && p.view.Optional != nil:
		return p.errorf(1, "optional: only a view that stands in every session may lack a table")
	}
	if err := p.checkScope(); err != nil {
		return err
	}
	for _, w := range p.view.Waivers {
		if !slices.ContainsFunc(p.view.Params, func(param Param) bool { return param.Name == w.Param }) {
			return p.errorf(1, "waive: the view has no parameter %q", w.Param)
		}
	}
	for _, c := range p.view.Columns {
		if c.Null && slices.Contains(p.view.Key, c.Name) {
			return p.errorf(c.line, "key column %q can't be null", c.Name)
		}
	}
	return nil
}

// checkScope sees that the scope is a parameter and the first column of the key.
func (p *viewParser) checkScope() error {
	scope := p.view.Scope
	if scope == "" {
		return nil
	}
	at := slices.IndexFunc(p.view.Params, func(o Param) bool { return o.Name == scope })
	switch {
	case at < 0:
		return p.errorf(p.scope, "scope %q: want a param of this name, whose value is what a build replaces", scope)
	case p.view.Params[at].Type != ParamString:
		return p.errorf(p.scope, "scope %q: the param is %s, want string", scope, p.view.Params[at].Type)
	case p.view.Key[0] != scope:
		return p.errorf(p.scope, "scope %q: want it as the first column of the key, not %q", scope, p.view.Key[0])
	}
	return nil
}

// fields cuts an entry at blanks. Text in single quotes is one word; text in
// double quotes is the doc, which comes last.
func fields(text string) (words []string, doc string, err error) {
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimLeft(text, " \t") {
		switch quote := text[:1]; quote {
		case `"`, `'`:
			inner, rest, closed := strings.Cut(text[1:], quote)
			if !closed {
				return nil, "", fmt.Errorf("quote %s is not closed", quote)
			}
			if text = rest; quote == "'" {
				words = append(words, inner)
				continue
			}
			if strings.TrimSpace(rest) != "" {
				return nil, "", fmt.Errorf("text after the doc: %q", strings.TrimSpace(rest))
			}
			return words, inner, nil
		default:
			word, rest, _ := strings.Cut(text, " ")
			words, text = append(words, word), rest
		}
	}
	return words, "", nil
}
