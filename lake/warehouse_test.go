package lake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"alignctl/internal/disk"
	"alignctl/internal/disk/disktest"
	"alignctl/internal/disk/storetest"
	"alignctl/internal/pgtest"
	"alignctl/lake/iceberg"
)

// testWarehouse says where the files of the tests' lakes are kept: "s3" is a
// server in this process, of which the folder warehouse is a cache; "" the
// folder itself.
const testWarehouse = "ALIGNCTL_TEST_WAREHOUSE"

func remote() bool { return os.Getenv(testWarehouse) == "s3" }

// serveWarehouse starts the server; child processes find it in their
// environment.
func serveWarehouse() error {
	if !remote() {
		return nil
	}
	server, err := storetest.Start()
	if err != nil {
		return err
	}
	return server.Use()
}

// initHere makes a lake as Init does, with its files where the tests' are, and its
// catalog.
func initHere(ctx context.Context, dir string) (*Lake, error) {
	sum := sha256.Sum256([]byte(dir))
	name, where := "t"+hex.EncodeToString(sum[:8]), Location{}
	if remote() {
		where.Warehouse = "s3://" + storetest.Bucket + "/" + name
	}
	if sharing() {
		server, err := pgtest.Running()
		if err == nil {
			err = server.Create(ctx, name)
		}
		if err != nil && !strings.Contains(err.Error(), "already exists") { // of a lake that is made again
			return nil, err
		}
		where.Catalog = server.Address(name, server.Port)
		if !remote() {
			where.Warehouse = iceberg.URI(filepath.Join(dir, "warehouse"))
		}
	}
	return InitAt(ctx, dir, where)
}

// localOnly skips a test that makes no sense where the files are in a bucket.
func localOnly(t *testing.T, why string) {
	t.Helper()
	if remote() {
		t.Skip("warehouse in a bucket: " + why)
	}
}

// land puts files, written past the lake, where everybody reads them, as another
// engine does.
func land(t *testing.T, l *Lake, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := l.disk.Adopt(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.disk.Sync(t.Context(), paths); err != nil {
		t.Fatal(err)
	}
}

// landStaged does so with what staging a table wrote.
func landStaged(t *testing.T, l *Lake, staged *iceberg.Table, others ...string) {
	t.Helper()
	land(t, l, append(others, pathsOf(staged.Written())...)...)
}

// rewrite gives a file of the warehouse another content; nobody has a copy of it
// afterwards.
func rewrite(on disk.FS, path string, content []byte) error {
	if on.Local() {
		return os.WriteFile(path, content, 0o644)
	}
	err := on.Remove(path)
	if err == nil {
		err = errors.Join(on.MkdirAll(filepath.Dir(path)), os.WriteFile(path, content, 0o644), on.Adopt(path))
	}
	if err == nil {
		err = on.Sync(context.Background(), []string{path})
	}
	return errors.Join(err, os.Remove(path))
}

// content is what is kept of a file.
func content(on disk.FS, path string) ([]byte, error) {
	in, err := on.Stored(path)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(in)
	return content, errors.Join(err, in.Close())
}

// An image is a closed lake as it was, by path: its folder, and the files of its
// warehouse wherever they are kept.
type image struct {
	disktest.Image
	dir   string
	files string // the folder of the warehouse
	disk  disk.FS
	// database has the catalog, where that isn't in the folder; kept is a copy
	// of it.
	database, kept string
}

func imageOf(ctx context.Context, dir string) (i image, err error) {
	l, err := Open(ctx, dir)
	if err != nil {
		return i, err
	}
	i = image{dir: dir, files: l.warehouse() + "/", disk: l.disk}
	if err := l.Close(); err != nil { // catalog.db is whole then
		return i, err
	}
	if err := i.keepDatabase(ctx, l.where.Catalog); err != nil {
		return i, err
	}
	if i.Image, err = disktest.ImageOf(dir); err != nil || i.disk.Local() {
		return i, err
	}
	i.Image = i.folder()
	kept, err := i.disk.List(l.warehouse())
	for _, f := range kept {
		if err == nil {
			i.Image[f.Path], err = content(i.disk, f.Path)
		}
	}
	return i, err
}

// keepDatabase copies the catalog of a shared lake.
func (i *image) keepDatabase(ctx context.Context, address string) error {
	if address == "" {
		return nil
	}
	at, err := url.Parse(address)
	if err != nil {
		return err
	}
	i.database = strings.TrimPrefix(at.Path, "/")
	i.kept = i.database + randomHex(2)
	s, err := pgtest.Running()
	if err != nil {
		return err
	}
	return s.Copy(ctx, i.database, i.kept)
}

// restoreDatabase puts the catalog of a shared lake back.
func (i image) restoreDatabase() error {
	if i.database == "" {
		return nil
	}
	s, err := pgtest.Running()
	if err != nil {
		return err
	}
	ctx := context.Background()
	return errors.Join(s.Drop(ctx, i.database), s.Copy(ctx, i.kept, i.database))
}

// folder is the image without the files that are kept elsewhere.
func (i image) folder() disktest.Image {
	if i.disk.Local() {
		return i.Image
	}
	out := disktest.Image{}
	for path, content := range i.Image {
		if !strings.HasPrefix(path, i.files) {
			out[path] = content
		}
	}
	out[i.files] = nil
	return out
}

// put gives one file of the lake another content.
func (i image) put(path string, content []byte) error {
	if strings.HasPrefix(path, i.files) {
		return rewrite(i.disk, path, content)
	}
	return os.WriteFile(path, content, 0o644)
}

// restore puts the lake back.
func (i image) restore() error {
	if err := i.restoreDatabase(); err != nil {
		return err
	}
	if err := i.folder().Restore(i.dir); err != nil || i.disk.Local() {
		return err
	}
	kept, err := i.disk.List(strings.TrimSuffix(i.files, "/"))
	if err != nil {
		return err
	}
	same := map[string]bool{}
	for _, f := range kept {
		now, err := content(i.disk, f.Path)
		if want, was := i.Image[f.Path]; err == nil && was && bytes.Equal(now, want) {
			same[f.Path] = true
			continue
		}
		if err := errors.Join(err, i.disk.Remove(f.Path)); err != nil {
			return err
		}
	}
	for path, content := range i.Image {
		if strings.HasPrefix(path, i.files) && path != i.files && !same[path] {
			err = errors.Join(err, rewrite(i.disk, path, content))
		}
	}
	return err
}

// bucketLake is a lake with its files in a bucket, whatever the tests' are in.
func bucketLake(t *testing.T) (*Lake, *storetest.Server) {
	t.Helper()
	server := storetest.New(t)
	l, err := InitAt(t.Context(), filepath.Join(t.TempDir(), "lake"), Location{Warehouse: "s3://" + storetest.Bucket + "/a/lake"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, server
}

// emptyCache makes the lake's folder that of a host that has read nothing yet.
func emptyCache(t *testing.T, l *Lake) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(l.warehouse()), os.Mkdir(l.warehouse(), 0o755)); err != nil {
		t.Fatal(err)
	}
}

// copies are the data files in the cache.
func copies(t *testing.T, l *Lake, table string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(l.warehouse(), table, "data", "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// A session fetches the files of the tables that its statements name, and those
// alone.
func TestSessionFetchesWhatItReads(t *testing.T) {
	l, _ := bucketLake(t)
	appendWords(t, l, "en", 3)
	appendWords(t, l, "zh", 4)
	writeNow(t, l, exampleSpec(), "", exampleQuery)
	emptyCache(t, l)
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Session(t.Context(), pins, SessionOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n := copies(t, l, "*.db/*"); n != 0 {
		t.Errorf("opening the session fetched %d files", n)
	}
	if got := text(t, s, "select count(*) n from core.word"); got != "{'n': 7}" {
		t.Errorf("rows: %s", got)
	}
	if words, examples := copies(t, l, "core.db/word"), copies(t, l, "data.db/example"); words != 2 || examples != 0 {
		t.Errorf("fetched %d files of the table, %d of another", words, examples)
	}
	emptyCache(t, l)
	if got := text(t, s, "select count(*) n from core.word"); got != "{'n': 7}" {
		t.Errorf("rows once the copies went: %s", got)
	}
}

// A scope that a run wrote, and then emptied, needs no file.
func TestEmptiedAgain(t *testing.T) {
	l, _ := bucketLake(t)
	r := begin(t, l)
	for _, rows := range []int{3, 0} {
		write(t, r, wordSpec(), "zh", words("zh", rows))
		if got := text(t, r.Session(), "select count(*) n from core.word"); got != fmt.Sprintf("{'n': %d}", rows) {
			t.Errorf("%d rows: %s", rows, got)
		}
	}
}

// A statement that needs more than the cache may hold says so; others go on.
func TestCacheFull(t *testing.T) {
	t.Setenv("ALIGNCTL_CACHE_SIZE", "64KB")
	l, _ := bucketLake(t)
	writeNow(t, l, wordSpec(), "en", "select * replace (md5(word) || word as word) from ("+words("en", 9000)+")")
	appendWords(t, l, "zh", 4)
	emptyCache(t, l)
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Session(t.Context(), pins, SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Exec(t.Context(), "select * from core.word")
	if !errors.Is(err, disk.ErrFull) || !strings.Contains(err.Error(), "ALIGNCTL_CACHE_SIZE") {
		t.Errorf("a table that doesn't fit: %v", err)
	}
	if got := text(t, s, "select count(*) n from meta.runs"); got != "{'n': 2}" {
		t.Errorf("rows: %s", got)
	}
}

// Verify reads what is kept, and what of it is here.
func TestVerifyFindsABrokenCopy(t *testing.T) {
	l, _ := bucketLake(t)
	appendWords(t, l, "en", 3)
	files, err := filepath.Glob(filepath.Join(l.warehouse(), "core.db/word/data/*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := errors.Join(os.Remove(files[0]), os.WriteFile(files[0], []byte("PAR1"), 0o444)); err != nil {
		t.Fatal(err)
	}
	_, err = l.Verify(t.Context(), VerifyOptions{})
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "remove the copy") || !strings.Contains(err.Error(), files[0]) {
		t.Errorf("a broken copy: %v", err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	expectRows(t, l, 3)
}

// When the server is down nothing is damaged, and nothing moves.
func TestBucketDown(t *testing.T) {
	l, server := bucketLake(t)
	appendWords(t, l, "en", 3)
	run := begin(t, l)
	write(t, run, wordSpec(), "zh", words("zh", 2))
	server.Before(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	if _, err := run.Publish(t.Context(), Done); !errors.Is(err, disk.ErrUnreachable) || errors.Is(err, ErrDamaged) {
		t.Errorf("a publish: %v", err)
	}
	emptyCache(t, l)
	other := reopen(t, l.Dir())
	if err := other.Check(t.Context()); !errors.Is(err, disk.ErrUnreachable) || errors.Is(err, ErrDamaged) {
		t.Errorf("a check: %v", err)
	}
	server.Before(nil)
	expectRows(t, other, 3)
	publish(t, begin(t, other), Done)
}

// A lake in a bucket is the same wherever its folder is; its warehouse is
// nobody else's.
func TestBucketMoves(t *testing.T) {
	l, _ := bucketLake(t)
	appendWords(t, l, "en", 3)
	l.Close()
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(l.Dir(), moved); err != nil {
		t.Fatal(err)
	}
	l = reopen(t, moved)
	if from, is := l.Moved(); is {
		t.Errorf("moved from %q", from)
	}
	if err := l.Relocate(t.Context()); err != nil {
		t.Errorf("relocate, where there is nothing to do: %v", err)
	}
	appendWords(t, l, "zh", 2)
	expectRows(t, l, 5)
	if _, err := InitAt(t.Context(), filepath.Join(t.TempDir(), "second"), Location{Warehouse: "s3://" + storetest.Bucket + "/a/lake/"}); err == nil {
		t.Error("a second lake in the same place")
	}
	for _, location := range []string{"s3://", "s3://b/a b", "s3://b/../c", "s3://b?x=1", "https://b/c", "relative"} {
		if _, err := InitAt(t.Context(), t.TempDir(), Location{Warehouse: location}); err == nil {
			t.Errorf("a warehouse at %q", location)
		}
	}
}

// A shared folder may be the warehouse.
func TestSharedFolder(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "shared")
	l, err := InitAt(t.Context(), filepath.Join(t.TempDir(), "lake"), Location{Warehouse: iceberg.URI(shared)})
	if err != nil {
		t.Fatal(err)
	}
	appendWords(t, l, "en", 3)
	l.Close()
	if files, err := filepath.Glob(filepath.Join(shared, "core.db/word/data/*")); err != nil || len(files) != 1 {
		t.Errorf("files %v, %v", files, err)
	}
	l = reopen(t, l.Dir())
	appendWords(t, l, "zh", 2)
	expectRows(t, l, 5)
}

// secondHost is a lake with a cache of its own, and the catalog and leases of
// another one.
func secondHost(t *testing.T, l *Lake) *Lake {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{DescriptionFile, "catalog.db", "leases"} {
		if err := os.Symlink(filepath.Join(l.Dir(), name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"warehouse", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return reopen(t, dir)
}

// Two hosts write at once, to a server that fails now and then: each sees what
// the other published, whole, and what one lets go is gone for both.
func TestTwoHosts(t *testing.T) {
	a, server := bucketLake(t)
	b := secondHost(t, a)
	var asked atomic.Int64
	server.Before(func(w http.ResponseWriter, _ *http.Request) bool {
		switch n := asked.Add(1); {
		case n%11 == 0:
			w.WriteHeader(http.StatusInternalServerError)
		case n%13 == 0:
			panic(http.ErrAbortHandler)
		default:
			return false
		}
		return true
	})
	const publishes = 4
	var work sync.WaitGroup
	for language, l := range map[string]*Lake{"en": a, "zh": b} {
		work.Go(func() {
			for n := range publishes {
				appendWords(t, l, language, n+1)
			}
		})
	}
	work.Wait()
	collect(t, a, GCOptions{Delete: true})
	for _, l := range []*Lake{a, b, secondHost(t, a)} {
		expectRows(t, l, 2*publishes)
		if got := rowsAt(t, l, "", "select count(*) n, max(publish) p from meta.outputs"); got != "{'n': 8, 'p': 8}" {
			t.Errorf("meta.outputs: %s", got)
		}
	}
}

// gc ends uploads that were cut off and are older than its grace period.
func TestGCEndsUploads(t *testing.T) {
	l, server := bucketLake(t)
	server.Abandon(t, "a/lake/core.db/word/data/cut.parquet")
	for _, step := range []struct {
		options GCOptions
		want    int
	}{{GCOptions{Delete: true}, 0}, {GCOptions{OlderThan: -time.Hour}, 1}, {GCOptions{OlderThan: -time.Hour, Delete: true}, 1},
		{GCOptions{OlderThan: -time.Hour}, 0}} {
		report, err := l.GC(t.Context(), step.options)
		if err != nil || report.UploadsErr != nil || len(report.Uploads) != step.want {
			t.Errorf("%+v: %+v, %v", step.options, report, err)
		}
	}
}
