package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/internal/nearest"
	"alignctl/lake"
	"alignctl/sql"
)

// errQuit is how .quit ends a shell or a script.
var errQuit = errors.New("quit")

// A dotCommand is a command of the SQL shell.
type dotCommand struct {
	name, argument, help string
	run                  func(r *sqlRunner, ctx context.Context, argument string) error
}

// dotCommands are the commands of the SQL shell; scripts may use them too.
func dotCommands() []dotCommand {
	return []dotCommand{
		{".tables", "", "list the tables of this version", (*sqlRunner).showTables},
		{".schema", "[TABLE]", "show a table's columns, or those of all", (*sqlRunner).showSchema},
		{".describe", "QUERY|TABLE", "show the columns of a result", (*sqlRunner).showColumns},
		{".at", "[VERSION]", "move to a tag, run id, date or time; without one: to what the lake is now", (*sqlRunner).moveTo},
		{".mode", "FORMAT", "print results as " + strings.Join(outputFormats, ", "), (*sqlRunner).setMode},
		{".read", "FILE", "run the statements of a file", (*sqlRunner).readFile},
		{".help", "", "show this", (*sqlRunner).showHelp},
		{".quit", "", "leave (so does Ctrl-D)", func(*sqlRunner, context.Context, string) error { return errQuit }},
	}
}

func dotNames() (names []string) {
	for _, c := range dotCommands() {
		names = append(names, c.name)
	}
	return names
}

// command runs a line that begins with a dot.
func (r *sqlRunner) command(ctx context.Context, line string) error {
	name, argument, _ := strings.Cut(strings.TrimRight(line, "; \t"), " ")
	argument = strings.TrimSpace(argument)
	at := slices.Index(dotNames(), name)
	if at < 0 {
		return fmt.Errorf("unknown command %q%s", name, nearest.Hint(name, dotNames()))
	}
	c := dotCommands()[at]
	switch {
	case c.argument == "" && argument != "":
		return fmt.Errorf("%s takes no argument", name)
	case c.argument != "" && c.argument[0] != '[' && argument == "":
		return fmt.Errorf("%s needs %s", name, c.argument)
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	return c.run(r, ctx, argument)
}

func (r *sqlRunner) showHelp(context.Context, string) error {
	var b strings.Builder
	for _, c := range dotCommands() {
		fmt.Fprintf(&b, "%-22s  %s\n", c.name+" "+c.argument, c.help)
	}
	b.WriteString("A statement ends with a semicolon. table@VERSION reads a table as it was. " +
		"Ctrl-C stops a query, Tab completes.\n")
	_, err := fmt.Fprint(r.t.out, b.String())
	return err
}

func (r *sqlRunner) setMode(_ context.Context, format string) error {
	if !slices.Contains(outputFormats, format) {
		return fmt.Errorf("no mode %q%s", format, nearest.Hint(format, outputFormats))
	}
	r.o.format = format
	return nil
}

func (r *sqlRunner) showTables(ctx context.Context, _ string) error {
	docs := map[string]string{}
	infos, err := r.lake.Tables(ctx)
	if err != nil {
		return err
	}
	for _, info := range infos {
		docs[info.Table] = info.Spec.Doc
	}
	g, pins := newGrid("table_name", "rows", "doc"), r.session.Pins()
	for _, name := range r.session.Tables() {
		g.add(name, pins[name].Rows, docs[name])
	}
	for _, v := range r.session.Views() {
		g.add(v.Name, nil, v.Doc)
	}
	return printRows(r.t.out, r.o.format, g)
}

func (r *sqlRunner) showColumns(ctx context.Context, query string) error {
	if !strings.ContainsAny(query, " \t(") {
		query = "from " + query
	}
	columns, err := r.session.Describe(ctx, sql.Statement{SQL: query, Line: 1})
	if err != nil {
		return err
	}
	g := newGrid("column", "type")
	for _, c := range columns {
		g.add(c.Name, c.Type)
	}
	return printRows(r.t.out, r.o.format, g)
}

func (r *sqlRunner) showSchema(ctx context.Context, table string) error {
	tables := r.relations()
	if table != "" {
		if !slices.Contains(tables, table) {
			return fmt.Errorf("no table %q at this version%s", table, nearest.Hint(table, tables))
		}
		tables = []string{table}
	}
	infos, err := r.lake.Tables(ctx)
	if err != nil {
		return err
	}
	g := newGrid("table", "column", "type", "unit", "meaning")
	for _, name := range tables {
		columns, err := r.session.Describe(ctx, sql.Statement{SQL: "from " + name, Line: 1})
		if err != nil {
			return err
		}
		for _, c := range columns {
			declared := r.declaredColumn(infos, name, c.Name)
			g.add(name, c.Name, c.Type, declared.Unit, declared.Doc)
		}
	}
	return printRows(r.t.out, r.o.format, g)
}

// relations are the names of the session's tables and views.
func (r *sqlRunner) relations() []string {
	names := r.session.Tables()
	for _, v := range r.session.Views() {
		names = append(names, v.Name)
	}
	return names
}

// declaredColumn is a column as the table's newest spec, or the view, declares
// it, or nothing.
func (r *sqlRunner) declaredColumn(infos []lake.TableInfo, table, column string) lake.Column {
	for _, info := range infos {
		for _, c := range info.Spec.Columns {
			if info.Table == table && c.Name == column {
				return c
			}
		}
	}
	for _, v := range r.session.Views() {
		for _, c := range v.Columns {
			if v.Name == table && c.Name == column {
				return lake.Column{Name: c.Name, Unit: c.Unit, Doc: c.Doc}
			}
		}
	}
	return lake.Column{}
}
