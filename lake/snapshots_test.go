package lake

import (
	"path/filepath"
	"testing"
	"time"
)

func TestSnapshotsAndLog(t *testing.T) {
	l := newLake(t)
	if entries, err := l.Log(t.Context(), LogOptions{}); err != nil || len(entries) != 0 {
		t.Errorf("of an empty lake: %v, %v", entries, err)
	}
	a := writeNow(t, l, wordSpec(), "en", words("en", 3))
	writeNow(t, l, exampleSpec(), "", exampleQuery)
	appendForeign(t, l, "core.word", words("fr", 2))
	found, err := l.Snapshots(t.Context(), "core.word")
	if err != nil || len(found) != 2 || !found[0].Foreign() || found[0].Rows != 5 ||
		found[1].Pin != a || found[1].Run == "" {
		t.Errorf("snapshots %+v, %v", found, err)
	}
	entries, err := l.Log(t.Context(), LogOptions{})
	if err != nil || len(entries) != 3 {
		t.Fatalf("log %+v, %v", entries, err)
	}
	if e := entries[0]; e.Run != "" || e.Publish != 0 || e.Tables[0].Rows != 5 {
		t.Errorf("another engine's commit is %+v", e)
	}
	if e := entries[2]; e.Publish != 1 || e.Command != t.Name() || e.Status != "done" ||
		e.User != whoami() || e.Tables[0] != a {
		t.Errorf("the first publish is %+v", e)
	}
	for _, c := range []struct {
		o    LogOptions
		want int
	}{
		{LogOptions{Table: "data.example"}, 1}, {LogOptions{Limit: 2}, 2}, {LogOptions{Since: time.Now().Add(time.Hour)}, 0},
		{LogOptions{Since: entries[1].At}, 2},
	} {
		if entries, err := l.Log(t.Context(), c.o); err != nil || len(entries) != c.want {
			t.Errorf("%+v gives %+v, %v", c.o, entries, err)
		}
	}
}

func TestTableDetail(t *testing.T) {
	l := newLake(t)
	a := writeNow(t, l, wordSpec(), "en", words("en", 3))
	writeNow(t, l, wordSpec(), "zh", words("zh", 4))
	d, err := l.Table(t.Context(), "core.word", "")
	if err != nil || d.Rows != 7 || d.Files != 2 || d.Bytes == 0 ||
		d.Spec.Columns[2].Unit != "count" || d.Spec.Scope != "language" {
		t.Errorf("%+v, %v", d, err)
	}
	if folder := l.located(filepath.Join(l.warehouse(), "core.db/word")); d.Folder != folder {
		t.Errorf("folder %q, want %q", d.Folder, folder)
	}
	if d, err := l.Table(t.Context(), "core.word", parsed(a)); err != nil || d.Rows != 3 || d.Files != 1 || d.Pin != a {
		t.Errorf("the first version: %+v, %v", d, err)
	}
	about, err := l.Detail(t.Context())
	if err != nil || about.Tables != 1 || about.Files < 4 || about.ID == "" || about.Created.IsZero() {
		t.Errorf("%+v, %v", about, err)
	}
}

// parsed is a pin's snapshot as users write it.
func parsed(p Pin) string { return p.String()[len(p.Table)+1:] }
