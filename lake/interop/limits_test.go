package interop

import (
	"path/filepath"
	"strings"
	"testing"
)

// What docs/interop.md calls a limit is tested too, so that it is heard when one
// falls.

func pathWithABlank(t *testing.T, e *engine) {
	l := newLakeIn(t, filepath.Join(t.TempDir(), "my lake"))
	publish(t, l, write{spec: word, scope: "en", query: english})
	do(t, e, "open", args{"lake": l.Dir()})
	if got := rowsAt(t, l, "core.word", ""); len(got) != 4 {
		t.Errorf("alignctl reads %v", got)
	}
	if _, err := try[any](e, "read", args{"table": "core.word"}); err == nil || !strings.Contains(err.Error(), "%20") {
		t.Errorf("PyIceberg takes a percent-encoded path literally; here it gave %v", err)
	}
}

func nullListsAreLost(t *testing.T, e *engine) {
	l := newLake(t)
	publish(t, l, write{spec: example, query: examples(4)})
	do(t, e, "open", args{"lake": l.Dir()})
	ours, theirs := strings.Join(rowsAt(t, l, "data.example", ""), "\n"), strings.Join(e.rows(t, "data.example", nil), "\n")
	if !strings.Contains(ours, `"messages":null`) || strings.Contains(theirs, `"messages":null`) {
		t.Errorf("PyIceberg 0.12.0 reads a null list of structs as an empty one; here it gave %s", theirs)
	}
}

// mergeOnRead: Spark writes merge-on-read deletes when a table's properties are changed to
// it: alignctl doesn't read them, says so, and goes on with the other tables.
func mergeOnRead(t *testing.T, e *engine) {
	l := history(t)
	do(t, e, "open", args{"lake": l.Dir()})
	do(t, e, "query", args{"sql": "alter table align.data.example set tblproperties ('write.delete.mode' = 'merge-on-read')"})
	do(t, e, "query", args{"sql": "delete from align.data.example where id = 1"})
	refuses(t, l, "data.example", "merge-on-read")
	publish(t, l, write{spec: word, scope: "en", query: english})
	e.sameRows(t, l, "core.word", "", nil)
	do(t, e, "query", args{"sql": "alter table align.data.example set tblproperties ('write.delete.mode' = 'copy-on-write')"})
	do(t, e, "query", args{"sql": "insert overwrite align.data.example select * from align.data.example"})
	e.sameRows(t, l, "data.example", "", nil)
}
