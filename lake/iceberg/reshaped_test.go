package iceberg

import (
	"testing"

	"github.com/apache/iceberg-go/table"
)

// renameColumn is a table after an engine renamed a column and wrote no row.
func renameColumn(t *testing.T, before *Table, path []string, to string) *Table {
	t.Helper()
	updates, _, err := before.inner.NewTransaction().UpdateSchema(true, false).RenameColumn(path, to).BuildUpdates()
	if err != nil {
		t.Fatal(err)
	}
	metadata, err := table.UpdateTableMetadata(before.inner.Metadata(), updates, before.Location())
	if err != nil {
		t.Fatal(err)
	}
	return &Table{inner: table.New(before.inner.Identifier(), metadata, before.Location(), nil, nil)}
}

func TestRenamesAreSeen(t *testing.T) {
	written := add(t, declare(t, newCatalog(t)), "a")
	outside := renameColumn(t, written, []string{"n"}, "m")
	inside := renameColumn(t, written, []string{"l", "element", "x"}, "y")
	for name, c := range map[string]struct {
		table             *Table
		renamed, reshaped bool
	}{
		"as written":         {written, false, false},
		"a column renamed":   {outside, true, false},
		"a member renamed":   {inside, true, true},
		"both, no row since": {renameColumn(t, outside, []string{"l", "element", "x"}, "y"), true, true},
	} {
		if c.table.Renamed() != c.renamed || c.table.Reshaped() != c.reshaped {
			t.Errorf("%s: renamed %v, reshaped %v", name, c.table.Renamed(), c.table.Reshaped())
		}
	}
}
