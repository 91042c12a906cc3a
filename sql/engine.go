package sql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// onDuckDB is the engine that runs every view.
const onDuckDB = "duckdb"

// engines are those that a view's header may name.
func engines() []string { return []string{onDuckDB, "spark"} }

// An Engine runs the query of a view, for one run, in the place of DuckDB.
type Engine interface {
	// Show makes the rows of a table for which a condition is true a temporary
	// view.
	Show(ctx context.Context, name, table, where string) error
	// Write makes a scope of a table of the lake hold the rows of a query, as
	// [lake.Run.Write] does.
	Write(ctx context.Context, spec lake.Spec, scope, query string) (lake.Pin, error)
	// Close lets go of all that the engine holds.
	Close() error
}

// An Opener opens an engine other than DuckDB for a run.
type Opener interface {
	// Name is the engine and its version, such as spark 4.1.4.
	Name() string
	Open(ctx context.Context, run *lake.Run) (Engine, error)
}

// RunsOn is an error where the view's header doesn't name an engine: SQL that
// was written for DuckDB may run elsewhere and give other rows.
func (v *View) RunsOn(engine string) error {
	if engine == onDuckDB || slices.Contains(v.Engines, engine) {
		return nil
	}
	return fmt.Errorf(`%s: its header doesn't say that its SQL means the same on %s ("-- engines: duckdb, %[2]s"): `+
		"build it without --engine %[2]s", v.File, engine)
}

// engineOf is the engine by its name and version.
func engineOf(o Opener) string {
	if o == nil {
		return onDuckDB
	}
	kind, _, _ := strings.Cut(o.Name(), " ")
	return kind
}

// elsewhere gives the engine that was asked for where it may run the view; nil is
// DuckDB.
func (b *builder) elsewhere(v *View) Opener {
	if v.RunsOn(engineOf(b.opts.Engine)) != nil {
		return nil
	}
	return b.opts.Engine
}

// stage writes the view's rows, by the engine that was asked for where it may.
func (b *builder) stage(ctx context.Context, run *lake.Run, v *View, recipe Recipe) (lake.Pin, error) {
	engine := b.elsewhere(v)
	if engine == nil {
		return v.stage(ctx, run, v.scopeIn(recipe.Params))
	}
	spec, err := v.spec(ctx, run.Session())
	if err != nil {
		return lake.Pin{}, err
	}
	opened, err := engine.Open(ctx, run)
	if err != nil {
		return lake.Pin{}, err
	}
	pin, err := b.stageOn(ctx, opened, v, spec, recipe)
	return pin, errors.Join(err, opened.Close())
}

// stageOn shows an engine what the view's query reads, and has it write the rows.
func (b *builder) stageOn(ctx context.Context, e Engine, v *View, spec lake.Spec, recipe Recipe) (lake.Pin, error) {
	read, err := v.read(ctx, b.record)
	if err != nil {
		return lake.Pin{}, err
	}
	t := translate(v.Query, read.named, recipe.Params)
	for _, table := range slices.Sorted(maps.Keys(t.views)) {
		if err := e.Show(ctx, t.views[table], table, b.condition(table, recipe.Scopes[table])); err != nil {
			return lake.Pin{}, err
		}
	}
	pin, err := e.Write(ctx, spec, v.scopeIn(recipe.Params), t.sql)
	if err != nil {
		return pin, v.at(v.Query, err)
	}
	return pin, nil
}

// condition holds for the rows of a scope of a table, "" is all of it.
func (b *builder) condition(table, scope string) string {
	input, err := b.View(table)
	if scope == "" || err != nil {
		return "true"
	}
	return duck.Name(input.Scope) + " = " + duck.PortableLiteral(scope)
}

// A translation is a view's query as an engine takes it that has neither schemas
// nor variables. Each line has its number in the query.
type translation struct {
	sql   string
	views map[string]string // the temporary views that it reads, by table
}

// translate gives tables the names of temporary views, parameters their values,
// and texts with a backslash, which begins something else on Spark, another
// spelling. That the rest means the same is what the view's header says.
func translate(query Statement, tables []naming, params map[string]any) translation {
	t := translation{views: map[string]string{}}
	for _, n := range tables {
		t.views[n.table] = unusedName(query.SQL, strings.ReplaceAll(n.table, ".", "_"))
	}
	var swaps []swap
	for at := 0; at < len(query.SQL); {
		s, found := t.swapAt(query.SQL, at, tables, params)
		if at = s.end; found {
			swaps = append(swaps, s)
		}
	}
	t.sql = rewrite(query, swaps).sql
	return t
}

// unusedName is a name that a text doesn't use.
func unusedName(text, name string) string {
	for strings.Contains(strings.ToLower(text), name) {
		name += "_"
	}
	return name
}

// swapAt gives what stands for the token at a byte of a text, and those that
// belong to it; without found it ends with the token.
func (t translation) swapAt(text string, at int, tables []naming, params map[string]any) (s swap, found bool) {
	first := nextToken(text, at)
	s = swap{start: at, end: first.end}
	switch n := slices.IndexFunc(tables, func(n naming) bool { return n.at == at }); {
	case n >= 0:
		s = t.table(text, first, tables[n])
	case first.kind == word && strings.EqualFold(first.text(text), "getvariable"):
		if s, found = variable(text, first, params); !found {
			return s, false
		}
	case first.kind == literal && text[at] == '\'' && strings.Contains(first.text(text), `\`):
		content := first.text(text)[1 : first.end-at-1]
		s.text = duck.PortableLiteral(strings.ReplaceAll(content, "''", "'"))
	default:
		return s, false
	}
	s.text += strings.Repeat("\n", strings.Count(text[s.start:s.end], "\n"))
	return s, true
}

// table names the view of a table, which columns may be qualified by.
func (t translation) table(text string, schema token, n naming) swap {
	name := follow(text, schema.end, 2)[1]
	s := swap{schema.start, name.end, t.views[n.table]}
	if !n.aliased {
		s.text += " as " + name.text(text)
	}
	return s
}

// variable gives the value of a parameter for getvariable('name').
func variable(text string, first token, params map[string]any) (s swap, found bool) {
	s = swap{start: first.start, end: first.end}
	next := follow(text, first.end, 3)
	if next[0].text(text) != "(" || next[1].kind != literal || next[2].text(text) != ")" {
		return s, false
	}
	given, found := params[strings.Trim(next[1].text(text), "'")]
	if found {
		s.end, s.text = next[2].end, typed(given)
	}
	return s, found
}

// follow gives the next tokens that are neither blank nor comment; behind the
// end they are empty.
func follow(text string, at, count int) []token {
	tokens := make([]token, 0, count)
	for at < len(text) && len(tokens) < count {
		t := nextToken(text, at)
		if at = t.end; t.kind != blank && t.kind != comment {
			tokens = append(tokens, t)
		}
	}
	return tokens[:count]
}

// typed is a parameter's value in portable SQL, of the type that the variable has.
func typed(value any) string {
	switch value := value.(type) {
	case int64:
		return fmt.Sprintf("cast('%d' as bigint)", value)
	case float64:
		return "cast('" + strconv.FormatFloat(value, 'g', -1, 64) + "' as double)"
	case string:
		return duck.PortableLiteral(value)
	}
	return fmt.Sprint(value)
}
