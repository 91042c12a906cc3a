package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// holdLock is the child of TestLockedCatalog: it keeps the catalog locked, as an
// engine does that hangs in a commit, until it is killed.
func holdLock(ctx context.Context, dir string) error {
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(filepath.Join(dir, "catalog.db")))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "begin immediate"); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "locked"), nil, 0o644); err != nil {
		return err
	}
	time.Sleep(time.Minute)
	return nil
}

// A publish to a catalog that another process keeps locked waits, then says who
// it is; readers don't wait; once the lock is gone the same run goes through.
func TestLockedCatalog(t *testing.T) {
	fileCatalogOnly(t, "its transactions wait for a lock that ends with the connection")
	t.Parallel() // it mostly waits
	l := newLake(t)
	appendWords(t, l, "en", 1)
	holder := child(t, "lock", l.Dir())
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if _, err := os.Stat(filepath.Join(l.Dir(), "locked")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := rowsAt(t, l, "", "select count(*) n from core.word"); got != "{'n': 1}" {
		t.Errorf("a reader sees %s", got)
	}
	r := begin(t, l)
	write(t, r, wordSpec(), "zh", words("zh", 2))
	_, err := r.Publish(t.Context(), Done)
	if !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), fmt.Sprint("process ", holder.Process.Pid)) {
		t.Errorf("publish to a locked catalog: %v", err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait() // it was killed
	publish(t, r, Done)
}
