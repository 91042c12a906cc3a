package interop

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/lake"
)

// readsEveryVersion sees that an engine finds all tables of a lake that
// alignctl made, the meta tables too, and reads in each, now, at each snapshot
// and by tag, what alignctl reads.
func readsEveryVersion(t *testing.T, e *engine) {
	l := history(t)
	tagged := tag(t, l, "v1")
	publish(t, l, write{spec: example, query: examples(1)}, write{steps: batch(8, 9)})
	do(t, e, "open", args{"lake": l.Dir()})
	findsTables(t, e, l)
	for _, table := range tables(t, l) {
		e.sameRows(t, l, table, "", nil)
		if e.name == "Spark" && strings.HasPrefix(table, "meta.") {
			continue // every query takes it a second
		}
		for _, id := range ask[[]string](t, e, "snapshots", args{"table": table}) {
			e.sameRows(t, l, table, id, args{"snapshot": id})
		}
	}
	for table, pin := range tagged {
		if strings.HasPrefix(table, "meta.") {
			continue // they have no past
		}
		e.sameRows(t, l, table, snapshot(pin), args{"tag": "v1"})
	}
}

// findsMetadata sees that Spark's metadata tables say what alignctl recorded.
func findsMetadata(t *testing.T, e *engine) {
	l := newLake(t)
	p := publish(t, l, write{spec: word, scope: "en", query: english}, write{spec: word, scope: "zh", query: chinese})
	do(t, e, "open", args{"lake": l.Dir()})
	got := ask[[]map[string]any](t, e, "query", args{"sql": `select cast(snapshot_id as string) id, summary['alignctl.digest'] digest,
		summary['alignctl.run'] run from align.core.word.snapshots`})
	want := []map[string]any{{"id": snapshot(p.Outputs[0]), "digest": p.Outputs[0].Digest, "run": p.Run}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("core.word.snapshots: %s", diff)
	}
	got = ask[[]map[string]any](t, e, "query", args{"sql": `select partition.language l, record_count n,
		value_counts[1] v from align.core.word.files order by l`})
	want = []map[string]any{{"l": "en", "n": 4.0, "v": 4.0}, {"l": "zh", "n": 3.0, "v": 3.0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("core.word.files: %s", diff)
	}
}

func findsTables(t *testing.T, e *engine, l *lake.Lake) {
	t.Helper()
	namespaces := ask[[]string](t, e, "namespaces", nil)
	slices.Sort(namespaces)
	if want := []string{"core", "data", "eval", "meta", "raw", "train"}; !slices.Equal(namespaces, want) {
		t.Errorf("%s finds namespaces %v, want %v", e.name, namespaces, want)
	}
	var found []string
	for _, namespace := range namespaces {
		found = append(found, ask[[]string](t, e, "tables", args{"namespace": namespace})...)
	}
	slices.Sort(found)
	if diff := cmp.Diff(tables(t, l), found); diff != "" {
		t.Errorf("%s finds other tables (+): %s", e.name, diff)
	}
}

// sameRows compares what alignctl and the engine read of a table at a version,
// which ref names for alignctl and version for the engine. No rows at all is a
// mistake in the test.
func (e *engine) sameRows(t *testing.T, l *lake.Lake, table, ref string, version args) {
	t.Helper()
	ours, theirs := rowsAt(t, l, table, ref), e.rows(t, table, version)
	if e.name == "PyIceberg" { // 0.12.0 reads a null list of structs as an empty one: see nullListsAreLost
		for i, line := range ours {
			ours[i] = strings.ReplaceAll(line, `"messages":null`, `"messages":[]`)
		}
	}
	if len(ours) == 0 {
		t.Errorf("alignctl reads no rows of %s at %q", table, ref)
	}
	if diff := cmp.Diff(ours, theirs); diff != "" {
		t.Errorf("%s at %q: alignctl (-) and %s (+) read other rows: %s", table, ref, e.name, diff)
	}
}
