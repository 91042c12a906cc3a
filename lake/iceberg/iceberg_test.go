package iceberg

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"alignctl/internal/disk"
)

func TestLocations(t *testing.T) {
	for _, path := range []string{"/a/b", "/with blank/词", "/100%/x#y?z", "/%20/literal"} {
		if got, err := Path(URI(path)); err != nil || got != path {
			t.Errorf("%q -> %q -> %q, %v", path, URI(path), got, err)
		}
	}
	for location, want := range map[string]string{"file:/one/slash": "/one/slash", "/plain": "/plain",
		"file://localhost/x": "/x"} {
		if got, err := Path(location); err != nil || got != want {
			t.Errorf("%q: %q, %v", location, got, err)
		}
	}
	for _, location := range []string{"s3://bucket/x", "file://host/x", "file://%zz"} {
		if got, err := Path(location); err == nil {
			t.Errorf("%q was read as %q", location, got)
		}
	}
}

var testFields = []Field{
	{ID: 1, Name: "k", Type: "string", Doc: "the key"},
	{ID: 2, Name: "l", Type: "list", Fields: []Field{{ID: 4, Name: "element", Type: "struct",
		Fields: []Field{{ID: 5, Name: "x", Type: "double"}}}}},
	{ID: 3, Name: "n", Type: "long"},
}

// testRow fits testFields.
type testRow struct {
	K string   `parquet:"k,id(1)"`
	L []member `parquet:"l,id(2),list" parquet-element:",id(4)"`
	N int64    `parquet:"n,id(3)"`
}

type member struct {
	X float64 `parquet:"x,id(5)"`
}

func newCatalog(t *testing.T) *Catalog {
	t.Helper()
	dir := t.TempDir()
	place, err := NewPlace("", filepath.Join(dir, "warehouse"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Create(t.Context(), filepath.Join(dir, "catalog.db"), disk.OS{}, place, []string{"s"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func declare(t *testing.T, c *Catalog) *Table {
	t.Helper()
	table, err := c.Declare(Declaration{Name: "s.t", Fields: testFields, Partition: "k", Key: []string{"k", "n"}})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// add stages a file of one row on a table.
func add(t *testing.T, table *Table, key string) *Table {
	t.Helper()
	dir, err := table.DataDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, filepath.Base(t.TempDir())+key+".parquet")
	if err := parquet.WriteFile(path, []testRow{{K: key, L: []member{{1}}, N: 2}}); err != nil {
		t.Fatal(err)
	}
	file, err := table.DataFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	staged, err := table.Stage(t.Context(), Change{Add: []DataFile{file}, Summary: map[string]string{"by": key}})
	if err != nil {
		t.Fatal(err)
	}
	return staged
}

func TestStageAndSwap(t *testing.T) {
	c := newCatalog(t)
	long := "a scope of more than sixteen bytes, 词语"
	first := add(t, declare(t, c), long)
	if heads, err := c.Heads(t.Context()); err != nil || len(heads) != 0 {
		t.Errorf("a staged table is in the catalog: %v, %v", heads, err)
	}
	if _, err := c.Swap(t.Context(), Commit{Moves: []Move{{"s.t", "", first.Location()}}}); err != nil {
		t.Fatal(err)
	}
	heads, err := c.Heads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table, err := c.Load(t.Context(), "s.t", heads["s.t"])
	if err != nil {
		t.Fatal(err)
	}
	current, _ := table.Current()
	files, err := table.Files(current.ID)
	if err != nil || len(files) != 1 || files[0].Scope != long || files[0].Rows != 1 || current.Summary["by"] != long {
		t.Errorf("snapshot %+v, files %+v, %v", current, files, err)
	}
	if fields, err := table.Fields(0); err != nil || !cmp.Equal(fields, testFields) {
		t.Errorf("fields %+v, %v", fields, err)
	}
}

// A swap moves all of its tables, or none when one of them has moved.
func TestSwapIsAllOrNothing(t *testing.T) {
	c := newCatalog(t)
	base := add(t, declare(t, c), "a")
	if _, err := c.Swap(t.Context(), Commit{Moves: []Move{{"s.t", "", base.Location()}}}); err != nil {
		t.Fatal(err)
	}
	mine, theirs := add(t, base, "b"), add(t, base, "c")
	if _, err := c.Swap(t.Context(), Commit{Moves: []Move{{"s.t", base.Location(), theirs.Location()}}}); err != nil {
		t.Fatal(err)
	}
	for name, moves := range map[string][]Move{
		"moved":       {{"s.new", "", mine.Location()}, {"s.t", base.Location(), mine.Location()}},
		"made before": {{"s.new", "", mine.Location()}, {"s.t", "", mine.Location()}},
	} {
		if _, err := c.Swap(t.Context(), Commit{Moves: moves}); !errors.Is(err, ErrMoved) {
			t.Errorf("%s: %v", name, err)
		}
		heads, err := c.Heads(t.Context())
		if err != nil || !cmp.Equal(heads, map[string]string{"s.t": theirs.Location()}) {
			t.Errorf("%s: the catalog has %v, %v", name, heads, err)
		}
	}
	first, _ := base.Current()
	if now, ok := theirs.Current(); !ok || now.Parent != first.ID || now.Sequence != first.Sequence+1 {
		t.Errorf("snapshot %+v follows %+v", now, first)
	}
}

// Staging removes no file that the published version needs. Metadata that falls
// out of a table's log is retired by the commit that publishes, and swept once
// nobody can still read it.
func TestOldMetadataIsSwept(t *testing.T) {
	c := newCatalog(t)
	before, from := declare(t, c), ""
	for range 13 {
		staged := add(t, before, "a")
		commit := Commit{Moves: []Move{{"s.t", from, staged.Location()}}, Files: staged.Written(), Retired: staged.Retired()}
		if _, err := c.Swap(t.Context(), commit); err != nil {
			t.Fatal(err)
		}
		before, from = staged, staged.Location()
	}
	expect := func(want int) {
		t.Helper()
		dir, err := before.DataDir()
		if err != nil {
			t.Fatal(err)
		}
		left, err := filepath.Glob(filepath.Join(filepath.Dir(dir), "metadata", "*.metadata.json"))
		if err != nil || len(left) != want {
			t.Errorf("%d metadata files are there, %v, want %d", len(left), err, want)
		}
	}
	expect(13)
	if swept, err := c.Sweep(t.Context(), time.Now().Add(-time.Hour)); err != nil || len(swept) != 0 {
		t.Errorf("files that may be read were swept: %v, %v", swept, err)
	}
	if _, err := c.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	expect(4) // the current one and three in its log
	recorded, err := c.Recorded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for path, file := range recorded {
		if info, err := os.Stat(path); err != nil || info.Size() != file.Bytes {
			t.Errorf("recorded file %s: %v", path, err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	c := newCatalog(t)
	broken := filepath.Join(t.TempDir(), "v1.metadata.json")
	if err := os.WriteFile(broken, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, location := range []string{URI(broken), URI("/no/such/file"), "s3://x/y"} {
		if _, err := c.Load(t.Context(), "s.t", location); err == nil {
			t.Errorf("%s was loaded", location)
		}
	}
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "catalog.db"), disk.OS{}, Place{}); err == nil {
		t.Error("a folder without a catalog was opened")
	}
}

// A machine whose clock is wrong would date a table's change where no other may
// follow.
func TestClock(t *testing.T) {
	c := newCatalog(t)
	for seconds, fails := range map[int]bool{0: false, 20: false, -20: false, 40: true, -40: true} {
		c.db.clock = fmt.Sprintf("select cast((julianday('now') - 2440587.5) * 86400000000 as integer) + %d", seconds*1_000_000)
		if err := c.CheckClock(t.Context()); (err != nil) != fails {
			t.Errorf("the catalog's clock is %d s ahead: %v", seconds, err)
		}
	}
}
