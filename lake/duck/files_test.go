package duck

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fetching is a database whose files come from elsewhere, with a view core.a
// to core.c of a file each, and says what was fetched.
func fetching(t *testing.T) (db *DB, fetched func() string) {
	t.Helper()
	away, folder := t.TempDir(), filepath.Join(t.TempDir(), "it's")
	var names []string
	held := map[string]int{}
	fetch := func(_ context.Context, paths []string) (func(), error) {
		for _, path := range paths {
			names = append(names, strings.TrimSuffix(filepath.Base(path), ".parquet"))
			if held[path]++; held[path] > 1 {
				continue
			}
			if err := os.Symlink(filepath.Join(away, filepath.Base(path)), path); err != nil {
				return nil, err
			}
		}
		return func() {
			for _, path := range paths {
				if held[path]--; held[path] == 0 {
					os.Remove(path)
				}
			}
		}, nil
	}
	db, err := Open(t.Context(), Options{Files: Files{Folder: folder, Fetch: fetch}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"create schema core", "create temp table t as select 1 x"} {
		if err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"a", "b", "c"} {
		copying := "copy (select " + string(rune('1'+i)) + " x) to " + Literal(filepath.Join(away, name+".parquet"))
		err := db.Exec(t.Context(), copying)
		if err == nil {
			err = db.View(t.Context(), View{Schema: "core", Name: name, Columns: []Column{{"x", "INTEGER"}},
				Query: "select x from read_parquet([" + Literal(filepath.Join(folder, name+".parquet")) + "])"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return db, func() string {
		all := strings.Join(names, " ")
		names = nil
		return all
	}
}

// A statement finds the files there that it reads, however it names them, and no
// others are fetched.
func TestFilesOfStatements(t *testing.T) {
	db, fetched := fetching(t)
	for _, c := range []struct{ statement, want string }{
		{"select 1", ""},
		{"select * from core.a", "a"},
		{`select b.x from "core"."b" b join CORE . A using (x)`, "a b"},
		{"select * from t where x in (select x from core.c)", "c"},
		{"create temp view v as select * from core.a", "a"},
		{"create macro ab() as table select * from v union all select * from core.b", "a b"},
		{"create macro one(y) as (select max(x) + y from core.c)", "c"},
		{"prepare p as select * from core.b", "b"},
		{"select * from v", "a"},
		{"from ab()", "a b"},
		{"select one(1)", "c"},
		{"execute p", "b"},
		{"insert into t select x from v; insert into t select x from core.c", "a c"},
		{"select * from query('select * from core.a')", "a"},
		{"select * from query_table('core.b')", "b"},
		{"select column_name from duckdb_columns() where table_name = 'a'", ""},
		{"select 'core.avocado', x as core_a from t", ""},
	} {
		if err := db.Exec(t.Context(), c.statement); err != nil {
			t.Errorf("%s: %v", c.statement, err)
		}
		if got := fetched(); got != c.want {
			t.Errorf("%s: fetched %q, want %q", c.statement, got, c.want)
		}
	}
	if err := db.Exec(t.Context(), "use core"); err != nil {
		t.Fatal(err)
	}
	if n, err := db.Count(t.Context(), "select x from b"); err != nil || n != 2 {
		t.Errorf("a bare name: %d, %v", n, err)
	}
}

// A table that a statement reads without naming it is an error, not empty.
func TestUnreadViewFails(t *testing.T) {
	db, _ := fetching(t)
	for _, query := range []string{"select count(*) from query_table('co' || 're.a')", "select x from query('from core' || '.a')",
		"select 1 from query('from core' || '.a') where false or x is null"} {
		if n, err := db.Count(t.Context(), query); err == nil || !strings.Contains(err.Error(), "name the table") {
			t.Errorf("%s: %d, %v", query, n, err)
		}
	}
}

// A transaction that is taken back, or broke, takes no table with it.
func TestFilesInTransactions(t *testing.T) {
	db, _ := fetching(t)
	for _, broken := range []string{"select 1", "select nothing"} {
		for _, statement := range []string{"begin", "create temp table z as select * from core.a", broken, "rollback"} {
			if err := db.Exec(t.Context(), statement); (err != nil) != (statement == "select nothing") {
				t.Errorf("%s: %v", statement, err)
			}
		}
		if n, err := db.Count(t.Context(), "select x from core.a"); err != nil || n != 1 {
			t.Errorf("afterwards: %d, %v", n, err)
		}
	}
}

// The columns of a view are known without its files.
func TestColumnsWithoutFiles(t *testing.T) {
	db, fetched := fetching(t)
	n, err := db.Count(t.Context(), "select count(*) from duckdb_columns() where schema_name = 'core' and data_type = 'INTEGER'")
	if err != nil || n != 3 || fetched() != "" {
		t.Errorf("%d columns, %v", n, err)
	}
}
