package lake

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"alignctl/lake/duck"
)

func TestAnyPathWorks(t *testing.T) {
	for _, name := range []string{"with blank", "词语 100%", "o'clock #1?&x=%20"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			l := newLakeIn(t, dir)
			r := begin(t, l)
			write(t, r, wordSpec(), "o'en 语", words("o''en 语", 3))
			publish(t, r, Done)
			again, err := Open(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			if got := rowsAt(t, again, "", "select count(*) n from core.word"); got != "{'n': 3}" {
				t.Errorf("rows: %s", got)
			}
			if found, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), "*")); len(found) != 1 {
				t.Errorf("something was written beside the lake: %v", found)
			}
		})
	}
}

func TestReadOnlySession(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 3))
	publish(t, r, Done)
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Session(t.Context(), pins, SessionOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	outside := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(outside, []byte("a\n1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(l.warehouse(), "x.parquet")
	for _, query := range []string{
		"select * from read_csv('" + outside + "')",
		"copy (select 1) to '" + outside + "'",
		"copy (select 1) to '" + inside + "'",
		"explain analyze copy (select 1) to '" + inside + "'",
		"prepare p as copy (select 1) to '" + inside + "'",
		"attach '" + filepath.Join(l.warehouse(), "x.db") + "'",
		"set enable_external_access = true",
		"select 1; copy (select 1) to '" + inside + "'",
	} {
		if err := s.Exec(t.Context(), query); err == nil {
			t.Errorf("%s was run", query)
		}
	}
	if err := s.Exec(t.Context(), "copy (select 1) to '"+inside+"'"); !errors.Is(err, duck.ErrReadOnly) {
		t.Errorf("copy: %v", err)
	}
	if _, err := os.Stat(inside); err == nil {
		t.Error("a file was written")
	}
	if err := s.Exec(t.Context(), "create temp table t as select * from core.word"); err != nil {
		t.Errorf("a temporary table: %v", err)
	}
	if err := s.SetVariable(t.Context(), "least", 1); err != nil {
		t.Errorf("a variable: %v", err)
	}
	if got := text(t, s, "select count(*) n from t where n >= getvariable('least')"); got != "{'n': 2}" {
		t.Errorf("rows: %s", got)
	}
}

func TestSessionArrow(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	write(t, r, exampleSpec(), "", exampleQuery)
	reader, err := r.Session().QueryArrow(t.Context(), "select id, messages from data.example where id >= ? order by id", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Release()
	rows := int64(0)
	for reader.Next() {
		rows += reader.RecordBatch().NumRows()
	}
	if rows != 2 || reader.Err() != nil {
		t.Errorf("%d rows, %v", rows, reader.Err())
	}
}

func TestFind(t *testing.T) {
	t.Setenv(Variable, "")
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(deep)
	expect := func(flag, want string) {
		t.Helper()
		if got, err := Find(flag); err != nil || got != want {
			t.Errorf("found %q, %v, want %q", got, err, want)
		}
	}
	workspace := func(content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, "alignctl.yaml"), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	expect("", filepath.Join(deep, "lake"))
	workspace("")
	expect("", filepath.Join(root, "lake"))
	workspace("lake: other/place\netl:\n  memory: 1GiB\n")
	expect("", filepath.Join(root, "other/place"))
	t.Setenv(Variable, "env")
	expect("", filepath.Join(deep, "env"))
	expect("flag", filepath.Join(deep, "flag"))
	t.Setenv(Variable, "")
	workspace("lake: [1\n")
	if dir, err := Find(""); err == nil {
		t.Errorf("found %q by a broken file", dir)
	}
}

// A second version of a table is a view beside the session's own, whatever way
// the version is named.
func TestViewAt(t *testing.T) {
	l := newLake(t)
	first, second := begin(t, l), begin(t, l)
	pin := write(t, first, wordSpec(), "en", words("en", 2))
	publish(t, first, Done)
	write(t, second, wordSpec(), "zh", words("zh", 5))
	publish(t, second, Done)
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Session(t.Context(), pins, SessionOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, ref := range []string{first.ID(), strconv.FormatInt(pin.Snapshot, 10)} {
		name, err := s.ViewAt(t.Context(), "core.word", ref)
		if err != nil {
			t.Fatal(err)
		}
		if got := text(t, s, "select count(*) n, (select count(*) from core.word) o from "+name); got != "{'n': 2, 'o': 7}" {
			t.Errorf("%s: %s", name, got)
		}
	}
	for table, ref := range map[string]string{"core.word": "12345", "core.wrod": "1", "core.none": first.ID()} {
		if name, err := s.ViewAt(t.Context(), table, ref); err == nil {
			t.Errorf("%s at %s: %s", table, ref, name)
		}
	}
}
