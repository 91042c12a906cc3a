package duck

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), Options{Threads: 2, Memory: "200MB", TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestQuoting(t *testing.T) {
	db := open(t)
	for _, name := range []string{"plain", `a"b`, "with blank", "position", "词"} {
		query := "select " + Literal(name+"'") + " as " + Ident(name)
		columns, err := db.Describe(t.Context(), query)
		if err != nil || columns[0] != (Column{Name: name, Type: "VARCHAR"}) {
			t.Errorf("%s: %v, %v", query, columns, err)
		}
		n, err := db.Count(t.Context(), "select count(*) from ("+query+") where "+Ident(name)+" = ?", name+"'")
		if err != nil || n != 1 {
			t.Errorf("%s: %d rows, %v", query, n, err)
		}
	}
	if got := Ident("core.word"); got != `"core"."word"` {
		t.Errorf("a dotted name: %s", got)
	}
}

func TestDescribe(t *testing.T) {
	db := open(t)
	got, err := db.Describe(t.Context(), "select 1::bigint a, [{'x': 1.5::double}] b -- the end")
	want := []Column{{"a", "BIGINT"}, {"b", "STRUCT(x DOUBLE)[]"}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("described %v, %v", got, err)
	}
	if _, err := db.Describe(t.Context(), "select nothing"); err == nil {
		t.Error("a column that isn't there was described")
	}
}

// All statements of a database share temporary tables and variables.
func TestOneConnection(t *testing.T) {
	db := open(t)
	for _, statement := range []string{"create temp table t as select 4 as x", "set variable v = 38"} {
		if err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	n, err := db.Count(t.Context(), "select x + getvariable('v') from t")
	if err != nil || n != 42 {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestCancel(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	started := time.Now()
	err := db.Exec(ctx, "create table big as select count(*) from range(1000000) a, range(1000000) b where a.range % 7 = b.range % 11")
	if err == nil || time.Since(started) > 20*time.Second {
		t.Errorf("cancelled after %v: %v", time.Since(started), err)
	}
	if n, err := db.Count(t.Context(), "select 1"); err != nil || n != 1 {
		t.Errorf("afterwards: %d, %v", n, err)
	}
}

func TestConfine(t *testing.T) {
	db := open(t)
	dir := t.TempDir()
	inside := filepath.Join(dir, "in.parquet")
	if err := db.Exec(t.Context(), "copy (select 7 as x) to "+Literal(inside)); err != nil {
		t.Fatal(err)
	}
	if err := db.Confine(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if n, err := db.Count(t.Context(), "select x from read_parquet("+Literal(inside)+")"); err != nil || n != 7 {
		t.Errorf("a file inside: %d, %v", n, err)
	}
	for statement, want := range map[string]string{
		"copy (select 1) to " + Literal(inside):  "copy is refused",
		"select * from read_text('/etc/passwd')": "disabled",
		"set threads = 1":                        "locked",
		"load icu":                               "refused",
	} {
		err := db.Exec(t.Context(), statement)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", statement, err, want)
		}
	}
	if err := db.Exec(t.Context(), "export database '"+dir+"'"); !errors.Is(err, ErrReadOnly) {
		t.Errorf("export: %v", err)
	}
}
