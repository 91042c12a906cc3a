package lake

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// Case 20: a lake in any folder may be moved; it reads and writes where it is,
// and nothing appears where it was. Relocate makes it whole for other engines.
func TestMovedLake(t *testing.T) {
	localOnly(t, "locations name the bucket: see TestBucketMoves")
	old := filepath.Join(t.TempDir(), "w 1", "我的 lake %?#")
	l := newLakeMovable(t, old)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 3))
	write(t, r, exampleSpec(), "", exampleQuery)
	publish(t, r, Done)
	r.Close()
	tagNow(t, l, "v1", false)
	l.Close()
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(old, moved); err != nil {
		t.Fatal(err)
	}
	l = reopen(t, moved)
	if from, is := l.Moved(); !is || from != filepath.Join(old, "warehouse") {
		t.Errorf("moved from %q, %v", from, is)
	}
	appendWords(t, l, "zh", 2)
	expectRows(t, l, 5)
	if err := l.Relocate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if from, is := l.Moved(); is {
		t.Errorf("after relocate: moved from %q", from)
	}
	expectRows(t, l, 5)
	if got := rowsAt(t, l, "v1", "select count(*) n from core.word"); got != "{'n': 3}" {
		t.Errorf("at the tag: %s", got)
	}
	l.Close()
	l = reopen(t, moved)
	appendWords(t, l, "fr", 1)
	expectRows(t, l, 6)
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("the old folder is there again: %v", err)
	}
	collect(t, l, GCOptions{Delete: true})
	expectRows(t, l, 6)
}

// newLakeMovable is a lake that isn't checked at the end where it was made.
func newLakeMovable(t *testing.T, dir string) *Lake {
	t.Helper()
	l, err := initHere(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func reopen(t *testing.T, dir string) *Lake {
	t.Helper()
	l, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func appendWords(t *testing.T, l *Lake, language string, n int) {
	t.Helper()
	r := begin(t, l)
	write(t, r, wordSpec(), language, words(language, n))
	publish(t, r, Done)
	r.Close()
}

// expectRows verifies the lake and counts its words.
func expectRows(t *testing.T, l *Lake, want int64) {
	t.Helper()
	if _, err := l.Verify(context.Background(), VerifyOptions{Deep: true}); err != nil {
		t.Errorf("verify: %v", err)
	}
	pins, err := l.At(t.Context(), "")
	if err != nil || pins["core.word"].Rows != want {
		t.Errorf("core.word is at %+v, %v, want %d rows", pins["core.word"], err, want)
	}
}
