package lake

import (
	"errors"
	"strings"
	"testing"
)

// A tag names a version of all tables at once, doesn't move by accident, and
// goes when it is taken away.
func TestTag(t *testing.T) {
	l := newLake(t)
	for n := 1; n <= 2; n++ {
		r := begin(t, l)
		write(t, r, wordSpec(), "en", words("en", n))
		write(t, r, exampleSpec(), "", exampleQuery+" where i < "+string(rune('0'+n)))
		publish(t, r, Done)
		if n == 1 {
			tagNow(t, l, "paper-v1", false)
		}
	}
	const sizes = "select (select count(*) from core.word) w, (select count(*) from data.example) e"
	if got := rowsAt(t, l, "paper-v1", sizes); got != "{'w': 1, 'e': 1}" {
		t.Errorf("at the tag: %s", got)
	}
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Tag(t.Context(), "paper-v1", pins, false, RunInfo{}); !errors.Is(err, ErrTagExists) {
		t.Errorf("a second tag of one name: %v", err)
	}
	tagNow(t, l, "paper-v1", true)
	if got := rowsAt(t, l, "paper-v1", sizes); got != "{'w': 2, 'e': 2}" {
		t.Errorf("at the moved tag: %s", got)
	}
	tags, err := l.Tags(t.Context())
	if err != nil || len(tags) != 1 || tags[0].Name != "paper-v1" || tags[0].Pins["core.word"].Rows != 2 {
		t.Errorf("tags %+v, %v", tags, err)
	}
	if err := l.Untag(t.Context(), "paper-v1", RunInfo{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.At(t.Context(), "paper-v1"); err == nil || !strings.Contains(err.Error(), "no such tag") {
		t.Errorf("at a tag that is gone: %v", err)
	}
	if err := l.Untag(t.Context(), "paper-v1", RunInfo{}); err == nil {
		t.Error("a tag was taken away twice")
	}
	for _, name := range []string{"", "1st", "2026-01-01", "a b", "now", "a@b"} {
		if err := l.Tag(t.Context(), name, pins, false, RunInfo{}); err == nil {
			t.Errorf("%q became a tag", name)
		}
	}
}

func tagNow(t *testing.T, l *Lake, name string, force bool) {
	t.Helper()
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Tag(t.Context(), name, pins, force, RunInfo{Command: "tag"}); err != nil {
		t.Fatal(err)
	}
}

// Other engines know a tag by its name on each table.
func TestTagIsIcebergs(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	pin := write(t, r, wordSpec(), "en", words("en", 1))
	publish(t, r, Done)
	tagNow(t, l, "v1", false)
	now, err := l.version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table, err := now.table(t.Context(), "core.word")
	if err != nil || table.Refs()["v1"] != pin.Snapshot {
		t.Errorf("refs %v, %v, want v1 at %d", table.Refs(), err, pin.Snapshot)
	}
}

// A table's columns may change from one write to the next; the older snapshot
// keeps the names and values that it had.
func TestColumnsChange(t *testing.T) {
	l := newLake(t)
	first := begin(t, l)
	pin := write(t, first, wordSpec(), "en", words("en", 2))
	write(t, first, wordSpec(), "zh", words("zh", 2))
	publish(t, first, Done)
	spec := wordSpec()
	spec.Columns = append([]Column{}, spec.Columns[0], spec.Columns[1],
		Column{Name: "share", Type: Double}, Column{Name: "kind", Type: String})
	second := begin(t, l)
	write(t, second, spec, "en", "select 'en' as language, 'w' || i as word, 0.5::double as share, 'k' as kind from range(3) t(i)")
	publish(t, second, Done)
	if got := rowsAt(t, l, "", "from core.word where word = 'w1' order by language"); got !=
		"{'language': en, 'word': w1, 'share': 0.5, 'kind': k} "+
			"{'language': zh, 'word': w1, 'share': 0.14285714285714285, 'kind': NULL}" {
		t.Errorf("now: %s", got)
	}
	if got := rowsAt(t, l, first.ID(), "from core.word where language = 'en' and word = 'w1'"); got !=
		"{'language': en, 'word': w1, 'n': 1, 'share': 0.14285714285714285}" {
		t.Errorf("before (%v): %s", pin, got)
	}
	again := begin(t, l)
	write(t, again, spec, "zh", "select 'zh' as language, 'w' || i as word, 0.5::double as share, 'k' as kind from range(3) t(i)")
	publish(t, again, Done)
	spec.Columns[2] = Column{Name: "share", Type: Long} // another type under its name: older rows have none
	retyped := begin(t, l)
	write(t, retyped, spec, "en", "select 'en' as language, 'w' || i as word, i as share, 'k' as kind from range(3) t(i)")
	publish(t, retyped, Done)
	if got := rowsAt(t, l, "", "select sum(share)::int s, count(share) n from core.word"); got != "{'s': 3, 'n': 3}" {
		t.Errorf("retyped: %s", got)
	}
	spec.Scope, spec.Key = "", []string{"word", "language"}
	if _, err := begin(t, l).Write(t.Context(), spec, "", "select 1"); err == nil || !strings.Contains(err.Error(), "scope") {
		t.Errorf("another scope column: %v", err)
	}
}

// An int column may become long and keeps its values; a table's key may change,
// and the digest of an older snapshot stays that of its own order.
func TestPromotedColumnAndNewKey(t *testing.T) {
	l := newLake(t)
	spec := Spec{Name: "data.x", Key: []string{"a"}, Licence: OpenData,
		Columns: []Column{{Name: "a", Type: Int, Required: true}, {Name: "b", Type: String, Required: true}}}
	first, second := begin(t, l), begin(t, l)
	before := write(t, first, spec, "", "select i::int as a, (9 - i)::varchar as b from range(5) t(i)")
	publish(t, first, Done)
	second.Close()
	spec.Columns[0].Type, spec.Key = Long, []string{"b"}
	second = begin(t, l)
	after := write(t, second, spec, "", "select i::bigint as a, (9 - i)::varchar as b from range(5) t(i)")
	publish(t, second, Done)
	if before.Digest == after.Digest {
		t.Error("another type, another order, the same digest")
	}
	for _, ref := range []string{first.ID(), ""} {
		if got := rowsAt(t, l, ref, "select sum(a) s, min(b) b from data.x"); got != "{'s': 10, 'b': 5}" {
			t.Errorf("at %q: %s", ref, got)
		}
	}
}
