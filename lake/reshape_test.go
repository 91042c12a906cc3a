package lake

import (
	"fmt"
	"path/filepath"
	"testing"

	"alignctl/lake/iceberg"
)

// Members of structs that were renamed, moved, added and dropped are found by
// their ids, in files from before and after.
func TestNestedMembersAreFoundByID(t *testing.T) {
	l := newLake(t)
	s, err := l.openSession(t.Context(), SessionOptions{Threads: 1}, Holder{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	turn := func(members ...iceberg.Field) []iceberg.Field {
		return []iceberg.Field{{ID: 1, Name: "id", Type: "long"}, {ID: 2, Name: "turns", Type: "list",
			Fields: []iceberg.Field{{ID: 3, Name: "element", Type: "struct", Fields: members}}}}
	}
	role, content := iceberg.Field{ID: 4, Name: "role", Type: "string"}, iceberg.Field{ID: 5, Name: "content", Type: "string"}
	deep := iceberg.Field{ID: 6, Name: "more", Type: "struct", Fields: []iceberg.Field{{ID: 7, Name: "x y", Type: "int"}}}
	who, newDeep := role, deep
	who.Name = "content" // the name that another member had
	words := content
	words.Name = "text"
	newDeep.Fields = []iceberg.Field{{ID: 8, Name: "x y", Type: "long"}, {ID: 7, Name: "z", Type: "long"}}

	var files []iceberg.DataFile
	write := func(fields []iceberg.Field, query string) {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.parquet", len(files)))
		if err := s.Exec(t.Context(), fmt.Sprintf("copy (%s) to '%s' (format parquet, field_ids %s)", query, path, fieldIDs(fields))); err != nil {
			t.Fatal(err)
		}
		files = append(files, iceberg.DataFile{Path: path})
	}
	write(turn(role, content, deep), `select 1 as id, [{'role': 'r1', 'content': 'c1', 'more': {'x y': 1}}, null] as turns
		union all select 2, null union all select 3, []`)
	write(turn(who, newDeep), `select 4 as id, [{'content': 'r4', 'more': {'x y': 8, 'z': 7}}] as turns`)
	write(turn(content), `select 5 as id, [{'content': 'c5'}] as turns`) // no role yet
	fields := turn(words, newDeep, who)
	parts, err := s.footerParts(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string][]iceberg.Field{}
	for path, parts := range parts {
		root, rest, err := footerField(parts)
		if err != nil || len(rest) > 0 {
			t.Fatal(rest, err)
		}
		columns[path] = root.Fields
	}
	got := text(t, s, readByFooter(fields, files, columns)+" order by id")
	want := `{'id': 1, 'turns': [{'text': c1, 'more': {'x y': NULL, 'z': 1}, 'content': r1}, NULL]} ` +
		`{'id': 2, 'turns': NULL} {'id': 3, 'turns': []} ` +
		`{'id': 4, 'turns': [{'text': NULL, 'more': {'x y': 8, 'z': 7}, 'content': r4}]} ` +
		`{'id': 5, 'turns': [{'text': c5, 'more': NULL, 'content': NULL}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
