package duck

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Files says where files come from that may not be at their paths yet. DuckDB
// looks for a file already when a view of it is made, so such views are made
// when a statement needs them.
type Files struct {
	// Folder is the absolute path of the folder whose files must be fetched.
	Folder string
	// Fetch brings files of the folder to their paths, and keeps them until
	// release.
	Fetch func(ctx context.Context, paths []string) (release func(), err error)
}

// A View is a view to make: SCHEMA.NAME of a query.
type View struct {
	Schema, Name string
	Columns      []Column // of the query; needed where it reads from Files' folder
	Query        string
}

func (v View) ident() string { return Name(v.Schema) + "." + Name(v.Name) }

// View makes a view, or replaces it.
func (d *DB) View(ctx context.Context, v View) error {
	if d.files != nil {
		delete(d.files.views, v.ident())
		if paths := d.files.pathsIn(v.Query); len(paths) > 0 {
			d.files.views[v.ident()] = &pending{View: v, paths: paths, qualified: mention(v.Schema, v.Name), bare: mention(v.Name)}
			v.Query = v.unread()
		}
	}
	return d.makeView(ctx, v)
}

func (d *DB) makeView(ctx context.Context, v View) error {
	create := "create or replace view " + v.ident() + " as " + v.Query
	_, err := d.conn.ExecContext(ctx, create)
	return queryError(create, err)
}

// unread is a query of the view's columns that fails when it runs.
func (v View) unread() string {
	columns := make([]string, len(v.Columns))
	for i, c := range v.Columns {
		columns[i] = "null::" + c.Type + " as " + Name(c.Name)
	}
	why := fmt.Sprintf("the files of %s.%s aren't here: name the table in the statement itself", v.Schema, v.Name)
	return fmt.Sprintf("select %s from (values (1)) where error(%s)", strings.Join(columns, ", "), Literal(why))
}

// files is what a database knows of files that must be fetched.
type files struct {
	Files
	views   map[string]*pending
	defined []definition // by statements of the session
	stale   bool         // defined may lack something
	loose   bool         // a statement may have set the schema in which bare names are looked up
	release func()       // of the files of the statement at work
}

// A pending view is made when a statement first mentions it.
type pending struct {
	View
	made            bool
	paths           []string
	qualified, bare *regexp.Regexp
}

// A definition is a view, macro or prepared statement that a statement made:
// whoever names it uses what its text mentions.
type definition struct {
	name *regexp.Regexp
	text string
}

func newFiles(f Files) *files {
	if f.Fetch == nil {
		return nil
	}
	return &files{Files: f, views: map[string]*pending{}, release: func() {}}
}

// mention finds a name, of parts with dots between, in a text of SQL. What only
// looks like it costs a fetch that wasn't needed.
func mention(parts ...string) *regexp.Regexp {
	for i, part := range parts {
		parts[i] = `"?` + regexp.QuoteMeta(strings.ReplaceAll(part, `"`, `""`)) + `"?`
	}
	return regexp.MustCompile(`(?i)(?:^|[^\pL\pN_"])` + strings.Join(parts, `\s*\.\s*`) + `(?:$|[^\pL\pN_"])`)
}

// writes ends a text after which the file stands that a COPY makes.
var writes = regexp.MustCompile(`(?i)\bto\s*$`)

// pathsIn finds the literals of files to read in a text of SQL.
func (f *files) pathsIn(text string) (paths []string) {
	start := strings.TrimSuffix(Literal(f.Folder+"/"), "'")
	for {
		before, rest, found := strings.Cut(text, start)
		if !found {
			return paths
		}
		end := endOfLiteral(rest)
		if !writes.MatchString(before[max(0, len(before)-8):]) {
			paths = append(paths, f.Folder+"/"+strings.ReplaceAll(rest[:end], "''", "'"))
		}
		text = rest[end:]
	}
}

// endOfLiteral is where the quote is that closes a literal.
func endOfLiteral(text string) int {
	for i := 0; i < len(text); i++ {
		if text[i] != '\'' {
			continue
		}
		if !strings.HasPrefix(text[i+1:], "'") {
			return i
		}
		i++
	}
	return len(text)
}

var (
	defines = regexp.MustCompile(`(?i)\b(create|prepare|drop|deallocate|alter)\b`)
	undoes  = regexp.MustCompile(`(?i)\b(rollback|abort)\b`)
	loosens = regexp.MustCompile(`(?i)\buse\b|search_path|\bset\s+schema\b`)
)

// need sees that what a statement reads is at its path until the next one.
func (d *DB) need(ctx context.Context, query string) error {
	f := d.files
	if f == nil {
		return nil
	}
	if f.stale { // in a transaction that broke, nothing can be asked, and only a rollback matters
		f.stale = d.learn(ctx) != nil
	}
	f.loose = f.loose || loosens.MatchString(query)
	f.stale = f.stale || defines.MatchString(query)
	if undoes.MatchString(query) {
		for _, v := range f.views {
			v.made = false
		}
	}
	used, paths := f.uses(query)
	release, err := f.Fetch(ctx, paths)
	if err != nil {
		return err
	}
	f.release()
	f.release = release
	for _, v := range used {
		if v.made {
			continue
		}
		if err := d.makeView(ctx, v.View); err != nil {
			return err
		}
		v.made = true
	}
	return nil
}

// learn asks what statements have defined.
func (d *DB) learn(ctx context.Context) error {
	rows, err := d.conn.QueryContext(ctx, `select schema_name, view_name, sql from duckdb_views() where not internal
		union all select schema_name, function_name, macro_definition from duckdb_functions()
			where not internal and macro_definition is not null
		union all select '', name, statement from duckdb_prepared_statements()`)
	if err != nil {
		return fmt.Errorf("look for views and macros: %w", err)
	}
	defer rows.Close()
	d.files.defined = nil
	for rows.Next() {
		var schema, name, text string
		if err := rows.Scan(&schema, &name, &text); err != nil {
			return fmt.Errorf("look for views and macros: %w", err)
		}
		if d.files.views[View{Schema: schema, Name: name}.ident()] == nil {
			d.files.defined = append(d.files.defined, definition{mention(name), text})
		}
	}
	return rows.Err()
}

// uses are the views that a statement mentions, by way of what others define
// too, and the files of all.
func (f *files) uses(query string) (used []*pending, paths []string) {
	found, read := map[string]bool{}, map[int]bool{}
	files := map[string]bool{}
	for texts := []string{query}; len(texts) > 0; texts = texts[1:] {
		for _, path := range f.pathsIn(texts[0]) {
			files[path] = true
		}
		for name, v := range f.views {
			if !found[name] && v.in(texts[0], f.loose) {
				found[name] = true
				used = append(used, v)
			}
		}
		for i, d := range f.defined {
			if !read[i] && d.name.MatchString(texts[0]) {
				read[i] = true
				texts = append(texts, d.text)
			}
		}
	}
	for _, v := range used {
		for _, path := range v.paths {
			files[path] = true
		}
	}
	return used, slices.Sorted(maps.Keys(files))
}

func (v *pending) in(text string, loose bool) bool {
	if loose {
		return v.bare.MatchString(text)
	}
	return v.qualified.MatchString(text)
}
