package lake

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"alignctl/internal/disk/storetest"
	"alignctl/lake/iceberg"
)

// Properties of a lake whose files are elsewhere than its catalog, when the
// catalog is copied:
//   - whoever changes the lake first goes on; every other copy says that it is old
//     at publish, gc and check, or where it reads what is gone, and removes nothing;
//   - the newer catalog, brought to the old one's place, goes on there;
//   - relocate gives the files to the copy that was left behind.
func TestCopiedCatalog(t *testing.T) {
	storetest.New(t)
	for name, warehouse := range map[string]string{"bucket": "s3://" + storetest.Bucket + "/copied",
		"folder": iceberg.URI(filepath.Join(t.TempDir(), "files"))} {
		t.Run(name, func(t *testing.T) { copyCatalog(t, warehouse) })
	}
}

func copyCatalog(t *testing.T, warehouse string) {
	first, err := InitAt(t.Context(), filepath.Join(t.TempDir(), "first"), Location{Warehouse: warehouse})
	if err != nil {
		t.Fatal(err)
	}
	appendWords(t, first, "en", 3)
	first.Close()
	second := copyOf(t, first.Dir())
	first = reopen(t, first.Dir())
	appendWords(t, first, "zh", 2)
	expectOld(t, second)
	expectRows(t, first, 5)

	first.Close()
	onward := reopen(t, copyOf(t, first.Dir()).Dir()) // a folder that was moved, or a catalog brought elsewhere
	appendWords(t, onward, "fr", 1)
	expectRows(t, onward, 6)
	old := reopen(t, first.Dir())
	expectOld(t, old)
	onward.Close()
	if err := old.Relocate(t.Context()); err != nil {
		t.Fatal(err)
	}
	appendWords(t, old, "de", 4)
	expectRows(t, old, 9)
	collect(t, old, GCOptions{Delete: true})
	expectRows(t, old, 9)
	expectOld(t, reopen(t, onward.Dir()))
}

// copyOf copies a closed lake's folder, and opens the copy.
func copyOf(t *testing.T, dir string) *Lake {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return reopen(t, to)
}

// expectOld sees that a copy of the catalog that another one left behind reads,
// and changes nothing.
func expectOld(t *testing.T, l *Lake) {
	t.Helper()
	before, err := l.disk.List(l.warehouse())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.At(t.Context(), ""); err != nil && !errors.Is(err, ErrCopied) {
		t.Errorf("an old copy says %v", err)
	}
	_, checked := l.Verify(t.Context(), VerifyOptions{})
	_, planned := l.GC(t.Context(), GCOptions{})
	_, collected := l.GC(t.Context(), GCOptions{Delete: true})
	published := publishWords(t, l)
	for what, err := range map[string]error{"gc": collected, "gc that only looks": planned, "publish": published, "verify": checked} {
		if !errors.Is(err, ErrCopied) || !strings.Contains(err.Error(), "lake relocate") {
			t.Errorf("%s of an old copy: %v", what, err)
		}
	}
	after, err := l.disk.List(l.warehouse())
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]bool{}
	for _, f := range after {
		kept[f.Path] = true
	}
	for _, f := range before {
		if !kept[f.Path] {
			t.Errorf("an old copy removed %s", f.Path)
		}
	}
}

// publishWords tries to publish.
func publishWords(t *testing.T, l *Lake) error {
	t.Helper()
	r, err := l.Begin(t.Context(), RunInfo{Command: t.Name()})
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := r.Write(t.Context(), wordSpec(), "it", words("it", 2)); err != nil {
		return err
	}
	_, err = r.Publish(t.Context(), Done)
	return err
}

// Of copies of one catalog that publish at the same moment one goes on.
func TestCopiesClaimAtOnce(t *testing.T) {
	storetest.New(t)
	l, err := InitAt(t.Context(), filepath.Join(t.TempDir(), "lake"), Location{Warehouse: "s3://" + storetest.Bucket + "/at-once"})
	if err != nil {
		t.Fatal(err)
	}
	appendWords(t, l, "en", 3)
	l.Close()
	const copies = 4
	for round := range times(5, 50) {
		lakes, failures := []*Lake{l}, make([]error, copies)
		for range copies - 1 {
			lakes = append(lakes, copyOf(t, l.Dir()))
		}
		lakes[0] = reopen(t, l.Dir())
		var work sync.WaitGroup
		for i, one := range lakes {
			work.Go(func() { failures[i] = one.catalog.Claim(t.Context()) })
		}
		work.Wait()
		won := -1
		for i, err := range failures {
			switch {
			case err == nil && won >= 0:
				t.Errorf("round %d: copies %d and %d both go on", round, won, i)
			case err == nil:
				won = i
			case !errors.Is(err, ErrCopied):
				t.Errorf("round %d: %v", round, err)
			}
			lakes[i].Close()
		}
		if won < 0 {
			t.Fatalf("round %d: none goes on", round)
		}
		l = lakes[won]
	}
}

// Processes of one catalog claim at the same moment, and all go on; so does one
// whose claim was cut off before its file was made.
func TestOneCatalogClaims(t *testing.T) {
	l, _ := bucketLake(t)
	other := secondHost(t, l)
	var work sync.WaitGroup
	for _, one := range []*Lake{l, other} {
		for range 10 {
			work.Go(func() {
				if err := one.catalog.Claim(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	work.Wait()
	files, err := l.disk.List(l.warehouse())
	if err != nil || len(files) < 20 {
		t.Fatalf("%d claims, %v", len(files), err)
	}
	if err := l.disk.Remove(files[len(files)-1].Path); err != nil {
		t.Fatal(err)
	}
	appendWords(t, other, "en", 2)
	expectRows(t, l, 2)
}

// Of lakes that are made in one empty warehouse at the same moment one is made.
func TestOneWarehouseOneLake(t *testing.T) {
	storetest.New(t)
	for round := range times(5, 50) {
		where := Location{Warehouse: fmt.Sprint("s3://", storetest.Bucket, "/one/", round)}
		made := initAtOnce(t, where, where)
		if (made[0].err == nil) == (made[1].err == nil) {
			t.Errorf("round %d: %v and %v", round, made[0].err, made[1].err)
		}
		for _, m := range made {
			if m.err != nil && !strings.Contains(m.err.Error(), "name an empty one") {
				t.Errorf("round %d: %v", round, m.err)
			}
		}
	}
}

// Of two that make a lake in one database at the same moment, in different
// warehouses, one makes it. The other is told where it is, and can join it.
func TestOneCatalogOneLake(t *testing.T) {
	storetest.New(t)
	for round := range times(8, 60) {
		catalog := newCatalog(t)
		a := Location{catalog, fmt.Sprint("s3://", storetest.Bucket, "/a/", round)}
		b := Location{catalog, iceberg.URI(filepath.Join(t.TempDir(), "b"))}
		made := initAtOnce(t, a, b)
		won, lost := 0, 1
		if made[0].err != nil {
			won, lost = 1, 0
		}
		if made[won].err != nil || made[lost].err == nil || !strings.Contains(made[lost].err.Error(), "leave --warehouse out to join it") ||
			!strings.Contains(made[lost].err.Error(), "files are in "+made[won].where.Warehouse) {
			t.Errorf("round %d: %v and %v", round, made[won].err, made[lost].err)
			continue
		}
		appendWords(t, made[won].lake, "en", 3)
		joined, err := InitAt(t.Context(), made[lost].dir, Location{Catalog: catalog})
		if err != nil {
			t.Fatal(err)
		}
		expectRows(t, joined, 3)
		for _, l := range []*Lake{joined, made[won].lake} {
			if got := l.Location().Warehouse; got != made[won].where.Warehouse {
				t.Errorf("round %d: one believes in %s", round, got)
			}
			l.Close()
		}
	}
}

// A making is one of several inits.
type making struct {
	where Location
	dir   string
	lake  *Lake
	err   error
}

func initAtOnce(t *testing.T, wheres ...Location) []making {
	t.Helper()
	made := make([]making, len(wheres))
	var work sync.WaitGroup
	for i, where := range wheres {
		made[i] = making{where: where, dir: filepath.Join(t.TempDir(), "lake")}
		work.Go(func() { made[i].lake, made[i].err = InitAt(t.Context(), made[i].dir, where) })
	}
	work.Wait()
	return made
}

// An init that was killed before its end is done by the next one.
func TestKilledInitElsewhere(t *testing.T) {
	storetest.New(t)
	dir, where := filepath.Join(t.TempDir(), "lake"), Location{Warehouse: "s3://" + storetest.Bucket + "/again"}
	for range 2 {
		l, err := InitAt(t.Context(), dir, where)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		if err := os.Remove(filepath.Join(dir, DescriptionFile)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := InitAt(t.Context(), dir, Location{Warehouse: where.Warehouse + "/other"})
	if err == nil || !strings.Contains(err.Error(), where.Warehouse) {
		t.Errorf("made again with other files: %v", err)
	}
}
