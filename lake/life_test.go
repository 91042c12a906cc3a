package lake

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Properties of a table that grows by a thousand publishes, with a tag each
// hundred, and is collected at the end:
//   - its rows have the digest of the same rows written at once;
//   - the metadata stays small, and gc makes it smaller;
//   - gc keeps the versions that have a tag, and every byte verifies.
func TestThousandPublishes(t *testing.T) {
	publishes, each := int64(times(60, 1000)), int64(times(20, 100))
	whole := addSteps(t, begin(t, newLake(t)), steps(0, publishes))
	l := newLake(t)
	r := begin(t, l)
	for i := range publishes {
		addSteps(t, r, steps(i, i+1))
		publish(t, r, Running)
		if (i+1)%each == 0 {
			tagNow(t, l, fmt.Sprint("at-", i+1), false)
		}
	}
	r.Close()
	pins, err := l.At(t.Context(), "")
	if err != nil || pins["train.step"].Digest != whole.Digest {
		t.Errorf("the lake holds %+v, %v, want digest %s", pins["train.step"], err, whole.Digest)
	}
	before := bytesOf(t, l, "metadata")
	gone := collect(t, l, GCOptions{Delete: true})
	after := bytesOf(t, l, "metadata")
	if len(gone.Expired) != int(publishes-publishes/each) || after >= before || after > 10<<20 {
		t.Errorf("gc let go of %d snapshots; metadata had %d bytes, has %d", len(gone.Expired), before, after)
	}
	for n := each; n <= publishes; n += each {
		want := fmt.Sprintf("{'n': %d}", n)
		if got := rowsAt(t, l, fmt.Sprint("at-", n), "select count(*) n from train.step"); got != want {
			t.Errorf("at publish %d: %s", n, got)
		}
	}
	expectWhole(t, l, "at the end")
	report(t, "%d publishes, metadata %.1f MB, after gc of %d snapshots %.1f MB; %d tags are read, and the lake verifies",
		publishes, float64(before)/1e6, len(gone.Expired), float64(after)/1e6, publishes/each)
}

// bytesOf adds up the files in the tables' folders of a name.
func bytesOf(t *testing.T, l *Lake, folder string) (total int64) {
	t.Helper()
	files, err := l.disk.List(l.warehouse())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if filepath.Base(filepath.Dir(f.Path)) == folder {
			total += f.Bytes
		}
	}
	return total
}

// Case 20: a copy of a lake, under a path that needs care, is a lake of its own:
// what happens to it leaves the first as it is, and it outlives the first.
func TestCopiedLake(t *testing.T) {
	localOnly(t, "a copy of the folder is a second catalog of the same files")
	l := newLakeMovable(t, filepath.Join(t.TempDir(), "lake"))
	appendWords(t, l, "en", 3)
	tagNow(t, l, "v1", false)
	l.Close()
	dir := filepath.Join(t.TempDir(), "a copy", "词语 100% ?#")
	if err := os.CopyFS(dir, os.DirFS(l.Dir())); err != nil {
		t.Fatal(err)
	}
	before := filesIn(t, l.Dir())
	copied := reopen(t, dir)
	appendWords(t, copied, "zh", 2)
	expectRows(t, copied, 5)
	collect(t, copied, GCOptions{Delete: true})
	if after := filesIn(t, l.Dir()); after != before {
		t.Errorf("the first lake had\n%s\nand has\n%s", before, after)
	}
	first := reopen(t, l.Dir())
	expectRows(t, first, 3)
	appendWords(t, first, "fr", 1)
	expectRows(t, first, 4)
	first.Close()
	if err := os.RemoveAll(l.Dir()); err != nil {
		t.Fatal(err)
	}
	expectRows(t, copied, 5)
	if got := rowsAt(t, copied, "v1", "select count(*) n from core.word"); got != "{'n': 3}" {
		t.Errorf("at the tag: %s", got)
	}
}

// Another engine renames a column, as Iceberg does: the column keeps its id.
// Old snapshots have the old name and new ones the new name, all with their
// values, and the lake goes on.
func TestAnotherEngineRenamesAColumn(t *testing.T) {
	l := newLake(t)
	old := begin(t, l)
	write(t, old, wordSpec(), "en", words("en", 2))
	publish(t, old, Done)
	rename(t, l, "core.word", "n", "frequency")
	const now, before = "select word, frequency from core.word order by all", "select word, n from core.word order by all"
	if got := rowsAt(t, l, "", now); got != "{'word': w0, 'frequency': 0} {'word': w1, 'frequency': 1}" {
		t.Errorf("after the rename: %s", got)
	}
	appendForeign(t, l, "core.word", strings.Replace(words("zh", 1), "i as n", "i as frequency", 1))
	if got := rowsAt(t, l, "", now); got != "{'word': w0, 'frequency': 0} {'word': w0, 'frequency': 0} {'word': w1, 'frequency': 1}" {
		t.Errorf("after an append: %s", got)
	}
	if got := rowsAt(t, l, old.ID(), before); got != "{'word': w0, 'n': 0} {'word': w1, 'n': 1}" {
		t.Errorf("before the rename: %s", got)
	}
	expectWhole(t, l, "after a rename")
	spec := wordSpec()
	spec.Columns[2].Name = "frequency"
	next := begin(t, l)
	write(t, next, spec, "en", strings.Replace(words("en", 3), "i as n", "i as frequency", 1))
	publish(t, next, Done)
	if got := rowsAt(t, l, "", "select language l, sum(frequency)::bigint s from core.word group by all order by all"); got !=
		"{'l': en, 's': 3} {'l': zh, 's': 0}" {
		t.Errorf("after a run with the new name: %s", got)
	}
}
