package lake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"alignctl/internal/disk/storetest"
	"alignctl/internal/pgtest"
	"alignctl/lake/iceberg"
)

// sharedLake makes a shared lake, with its files in a bucket, of which each host
// has a cache, and gives what other hosts join it by.
func sharedLake(t *testing.T) (*Lake, Location) {
	t.Helper()
	storetest.New(t)
	where := Location{Catalog: newCatalog(t), Warehouse: "s3://" + storetest.Bucket + "/team"}
	return host(t, where), Location{Catalog: where.Catalog}
}

// host is a folder of a shared lake, as another machine has it. The lake is
// verified when the test ends.
func host(t *testing.T, where Location) *Lake {
	t.Helper()
	l, err := InitAt(t.Context(), filepath.Join(t.TempDir(), "lake"), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := l.Verify(context.Background(), VerifyOptions{Deep: true}); err != nil {
			t.Errorf("verify after the test: %v", err)
		}
		l.Close()
	})
	return l
}

// Hosts that write at once, each a process with a folder of its own, lose
// nothing, and see each other's work.
func TestHostsShareALake(t *testing.T) {
	first, where := sharedLake(t)
	if err := appendTwo(t.Context(), first, "first", 0); err != nil {
		t.Fatal(err)
	}
	const appends = 4
	var writers []*exec.Cmd
	for n := range 2 {
		writers = append(writers, startWriter(t, host(t, where).Dir(), n, appends))
	}
	for _, w := range writers {
		if err := w.Wait(); err != nil {
			t.Errorf("a writer: %v: %s", err, w.Stderr)
		}
	}
	expectAppends(t, first, int64(len(writers)*appends), appends)
	expectWhole(t, host(t, where), "on a third host")
	holders, err := first.Holders(t.Context())
	if err != nil || len(holders) != 0 {
		t.Errorf("at work: %v, %v", holders, err)
	}
}

// When the catalog's server ends as by a crash, and comes back, a run waits for it
// and goes on.
func TestCatalogComesBack(t *testing.T) {
	newCatalog(t) // or there is no server, and the test skips
	own, err := pgtest.Start(t.Context())
	if err == nil {
		t.Cleanup(func() { _ = own.Stop() })
		err = own.Create(t.Context(), "lake")
	}
	if err != nil {
		t.Fatal(err)
	}
	l := host(t, Location{Catalog: own.Address("lake", own.Port), Warehouse: iceberg.URI(filepath.Join(t.TempDir(), "warehouse"))})
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 3))
	if err := own.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	back := make(chan error, 1)
	time.AfterFunc(2*time.Second, func() { back <- own.Up(context.Background()) })
	publish(t, r, Done)
	if err := <-back; err != nil {
		t.Fatal(err)
	}
	expectRows(t, l, 3)
}

// A connection that breaks in the commit, before the server heard of it or
// after: the outcome is looked up, and the run lands once.
func TestCommitIsLookedUp(t *testing.T) {
	l, where := sharedLake(t)
	behind, wire := hostByWire(t, where)
	for i, heard := range []bool{true, false, true} {
		r := begin(t, behind)
		write(t, r, wordSpec(), "en", words("en", i+1))
		wire.CutCommit(heard)
		publish(t, r, Done)
		want := fmt.Sprintf("{'n': %d, 'p': %[1]d}", i+1)
		if got := rowsAt(t, l, "", "select count(*) n, max(publish) p from meta.outputs where table_name = 'core.word'"); got != want {
			t.Errorf("heard %v: %s, want %s", heard, got, want)
		}
	}
}

// hostByWire is a host whose connections to the catalog can be broken.
func hostByWire(t *testing.T, where Location) (*Lake, *pgtest.Wire) {
	t.Helper()
	wire, err := server.NewWire()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := wire.Close(); err != nil {
			t.Error(err)
		}
	})
	where.Catalog = strings.Replace(where.Catalog, fmt.Sprint(":", server.Port, "/"), fmt.Sprint(":", wire.Port, "/"), 1)
	return host(t, where), wire
}

// When the connections break at any moment of a publish, all of it lands, once,
// or the error says that it didn't.
func TestConnectionsBreak(t *testing.T) {
	l, where := sharedLake(t)
	behind, wire := hostByWire(t, where)
	landed, tries := 0, times(6, 200)
	for i := range tries {
		cut := time.AfterFunc(time.Duration(i%50)*5*time.Millisecond, wire.Cut)
		if err := appendTwo(t.Context(), behind, "w", int64(2*landed)); err == nil {
			landed++
		} else if errors.Is(err, ErrDamaged) {
			t.Errorf("a cut connection: %v", err)
		}
		cut.Stop()
		got := rowsAt(t, l, "", "select coalesce(max(steps), 0)::bigint n from train.total")
		if landed > 0 && got != fmt.Sprintf("{'n': %d}", 2*landed) {
			t.Fatalf("after %d publishes the lake has %s", landed, got)
		}
	}
	if landed == 0 {
		t.Error("none landed")
	}
	report(t, "connections cut at %d moments of publishes: %d landed at once, the others said that they didn't", tries, landed)
}

// A catalog that is far away is asked as often for many tables as for few, by a
// host that has nothing in its cache.
func TestRoundTrips(t *testing.T) {
	l, where := sharedLake(t)
	asked := map[int]int{}
	for _, tables := range []int{5, 20} {
		r := begin(t, l)
		for i := range tables {
			spec := wordSpec()
			spec.Name = fmt.Sprintf("core.word%d", i)
			write(t, r, spec, "en", words("en", 1+tables))
		}
		publish(t, r, Done)
		behind, wire := hostByWire(t, where)
		before := wire.Messages()
		pins, err := behind.At(t.Context(), "")
		if err == nil {
			err = behind.Tag(t.Context(), fmt.Sprint("t", tables), pins, false, RunInfo{Command: "tag"})
		}
		if err == nil {
			_, err = behind.Log(t.Context(), LogOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
		asked[tables] = wire.Messages() - before
	}
	report(t, "round trips for a tag and a log: %v, by tables", asked)
	if asked[5] > 90 || asked[20] > asked[5]+20 {
		t.Errorf("round trips, by tables: %v", asked)
	}
}

// A process that was out of touch for too long can't publish: what it wrote may
// be gone.
func TestLostLease(t *testing.T) {
	l, where := sharedLake(t)
	appendWords(t, l, "zh", 2)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 3))
	other := host(t, where)
	holders, err := other.Holders(t.Context())
	if err != nil || len(holders) != 1 || holders[0].Run != r.ID() || holders[0].PID != os.Getpid() {
		t.Errorf("at work: %+v, %v", holders, err)
	}
	l.catalog.EndLease(t.Context(), r.session.lease.key())
	if _, err := r.Publish(t.Context(), Done); !errors.Is(err, iceberg.ErrLeaseLost) || !strings.Contains(err.Error(), "again") {
		t.Errorf("publish without a lease: %v", err)
	}
	expectRows(t, other, 2)
}

// A killed process holds nothing up for longer than its lease lasts, and its
// lease holds what it may have read until then.
func TestKilledHost(t *testing.T) {
	l, where := sharedLake(t)
	other := host(t, where)
	killed := child(t, "loop", other.Dir())
	var said bytes.Buffer
	killed.Stdout = &said
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1500 * time.Millisecond)
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait() // it was killed
	expectWhole(t, l, "after a host was killed")
	appendWords(t, l, "zh", 2)
	for range 3 {
		collect(t, l, GCOptions{Delete: true})
		expectWhole(t, l, "after a gc")
	}
}

// What can be wrong with a shared lake is said, with the cure, and no password.
func TestSharedLakeRefuses(t *testing.T) {
	l, where := sharedLake(t)
	secret := strings.Replace(where.Catalog, pgtest.User+"@", pgtest.User+":wrong@", 1)
	elsewhere := strings.Replace(where.Catalog, fmt.Sprint(":", server.Port, "/"), ":1/", 1)
	slash := strings.LastIndexByte(where.Catalog, '/')
	for name, test := range map[string]struct {
		where Location
		want  string
	}{
		"wrong password":     {Location{Catalog: secret}, "PGPASSWORD"},
		"no such database":   {Location{Catalog: where.Catalog[:slash] + "/nope?sslmode=disable"}, "createdb"},
		"server down":        {Location{Catalog: elsewhere}, "is the server up"},
		"no address":         {Location{Catalog: "postgres://:x:y"}, "open catalog"},
		"another form":       {Location{Catalog: "host=127.0.0.1 password=wrong dbname=lake"}, "postgres://USER@HOST"},
		"wrong in the query": {Location{Catalog: where.Catalog + "&password=wrong"}, "PGPASSWORD"},
		"another warehouse":  {Location{Catalog: where.Catalog, Warehouse: "file:///other"}, "leave --warehouse out"},
		"a bare #":           {Location{Catalog: strings.Replace(where.Catalog, pgtest.User+"@", pgtest.User+":s3#wrong@", 1)}, "%23 for #"},
		"key in a warehouse": {Location{Catalog: where.Catalog, Warehouse: "s3://KEY:wrong@bucket"}, "AWS_SECRET_ACCESS_KEY"},
		"no warehouse":       {Location{Catalog: newCatalog(t)}, "--warehouse"},
	} {
		dir := filepath.Join(t.TempDir(), "lake")
		_, err := InitAt(t.Context(), dir, test.where)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "wrong") || errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Open(t.Context(), dir); !errors.Is(err, ErrNoLake) {
			t.Errorf("%s: then open: %v", name, err)
		}
	}
	content, err := os.ReadFile(filepath.Join(l.Dir(), "lake.json"))
	if err != nil || !strings.Contains(string(content), `"catalog": "postgres://`) {
		t.Errorf("lake.json: %s, %v", content, err)
	}
}

// A reader that was out of touch, and whose files were collected, isn't told that
// the lake is damaged; one that misses a file for another reason is told so.
func TestMissingFiles(t *testing.T) {
	a, where := sharedLake(t)
	appendWords(t, a, "zh", 2)
	b := host(t, where)
	query := func(meanwhile func(s *Session)) error {
		pins, err := b.At(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		s, err := b.Session(t.Context(), pins, SessionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		meanwhile(s)
		return s.Exec(t.Context(), "create temp table t as from core.word")
	}
	err := query(func(s *Session) {
		a.catalog.EndLease(t.Context(), s.lease.key()) // as a gc does after two minutes
		r := begin(t, a)
		write(t, r, wordSpec(), "zh", words("zh", 3))
		publish(t, r, Done)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		collect(t, a, GCOptions{Delete: true})
	})
	if errors.Is(err, ErrDamaged) || !errors.Is(err, iceberg.ErrLeaseLost) || !strings.Contains(err.Error(), "run the command again") {
		t.Errorf("out of touch: %v", err)
	}
	var lost []byte
	var path string
	err = query(func(*Session) {
		now, err := a.version(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		table, err := now.table(t.Context(), "core.word")
		if err != nil {
			t.Fatal(err)
		}
		files, _, err := currentFiles(table)
		if err != nil {
			t.Fatal(err)
		}
		path = files[0].Path
		if lost, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		if err := a.disk.Remove(path); err != nil {
			t.Fatal(err)
		}
	})
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "alignctl lake verify") {
		t.Errorf("a file is lost: %v", err)
	}
	if err := os.WriteFile(path, lost, 0o666); err != nil { // and is brought back
		t.Fatal(err)
	}
	if err := a.disk.Sync(t.Context(), []string{path}); err != nil {
		t.Fatal(err)
	}
}
