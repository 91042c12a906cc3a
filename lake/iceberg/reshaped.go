package iceberg

import icebergo "github.com/apache/iceberg-go"

// Reshaped says whether a list or struct column ever had other members: then a
// file may name the members otherwise than the schema of now.
func (t *Table) Reshaped() bool {
	shapes := map[int]string{} // by column id
	for _, schema := range t.inner.Schemas() {
		for _, f := range schema.Fields() {
			if _, nested := f.Type.(icebergo.NestedType); !nested {
				continue
			}
			shape, seen := shapes[f.ID]
			if seen && shape != f.Type.String() {
				return true
			}
			shapes[f.ID] = f.Type.String()
		}
	}
	return false
}

// Renamed says whether the columns changed after the current snapshot: it has an
// older schema than the table.
func (t *Table) Renamed() bool {
	current := t.inner.CurrentSnapshot()
	return current != nil && current.SchemaID != nil && *current.SchemaID != t.inner.Metadata().CurrentSchema().ID
}
