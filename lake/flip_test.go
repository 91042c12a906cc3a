package lake

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Properties, when one byte of one file of a lake changes, for every file:
//   - open or verify reports damage, and verify names the file; of catalog.db,
//     or what its tables hold is as before (a byte of free space);
//   - a query gives an error or rows, and never ends the process;
//   - wrong rows come from data files alone: Parquet has no checksums.
func TestByteFlipped(t *testing.T) {
	fileCatalogOnly(t, "the bytes of its files are its own, the warehouse's are flipped where the catalog is a file")
	dir := filepath.Join(t.TempDir(), "lake")
	l := newLakeMovable(t, dir)
	fillLake(t, l)
	tagNow(t, l, "v1", false)
	if err := crashOn(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	collect(t, l, GCOptions{Delete: true}) // files that nothing points at any more
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := seed(t)
	output, err := child(t, "flip", dir, fmt.Sprint("ALIGNCTL_SEED=", s)).CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if err != nil {
		t.Errorf("seed %d: %v:\n%s", s, err, strings.Join(lines[max(0, len(lines)-20):], "\n"))
	}
	report(t, "%s (seed %d)", lines[len(lines)-1], s)
}

// A flipper changes one byte of a lake after the other, in a process of its own.
type flipper struct {
	dir    string
	random *rand.Rand
	base   image
	tables map[string]string // what a query of each table gives
	dump   string            // of catalog.db

	files, flips, found, refused, harmless, wrong int
}

// flipBytes is the child process.
func flipBytes(ctx context.Context, dir string) error {
	s, err := strconv.ParseUint(os.Getenv("ALIGNCTL_SEED"), 10, 64)
	if err != nil {
		return err
	}
	f := &flipper{dir: dir, random: rand.New(rand.NewPCG(s, 0))}
	if err := f.look(ctx); err != nil {
		return err
	}
	every := times(4, 1)
	paths := slices.Sorted(maps.Keys(f.base.Image))
	for i, path := range paths {
		size := len(f.base.Image[path])
		if strings.HasSuffix(filepath.Dir(path), "alignctl-claims") {
			continue // only the newest is read, of which TestCopiedCatalog tells
		}
		if size == 0 || i%every != 0 && !strings.HasPrefix(filepath.Base(path), "catalog") {
			continue // a folder, or left out of the short form
		}
		f.files++
		positions := []int{f.random.IntN(size), 0, size / 2, size - 1, f.random.IntN(size), f.random.IntN(size)}
		for _, at := range positions[:times(1, 6)] {
			fmt.Printf("%s, byte %d\n", path, at) // should the process end here
			if err := f.flip(ctx, path, at); err != nil {
				return fmt.Errorf("%s, byte %d of %d: %w", path, at, size, err)
			}
		}
	}
	fmt.Printf("%d bytes of %d files flipped: verify found %d, open refused %d, %d changed nothing; "+
		"queries gave wrong rows %d times\n", f.flips, f.files, f.found, f.refused, f.harmless, f.wrong)
	return nil
}

// look takes down what the lake holds before.
func (f *flipper) look(ctx context.Context) (err error) {
	l, err := Open(ctx, f.dir)
	if err != nil {
		return err
	}
	if f.tables, err = hashes(ctx, l); err != nil {
		return err
	}
	if err := l.Close(); err != nil {
		return err
	}
	if f.dump, err = dumpCatalog(f.dir); err != nil {
		return err
	}
	f.base, err = imageOf(ctx, f.dir)
	return err
}

// flip changes a byte, looks, and puts all back.
func (f *flipper) flip(ctx context.Context, path string, at int) (err error) {
	f.flips++
	content := bytes.Clone(f.base.Image[path])
	content[at] ^= byte(1 + f.random.IntN(255))
	if err := f.base.put(path, content); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.base.restore()) }()
	l, err := Open(ctx, f.dir)
	if err != nil {
		f.refused++
		return f.refusal(path, err)
	}
	_, err = l.Verify(ctx, VerifyOptions{Deep: true})
	after, queryErr := hashes(ctx, l)
	if closeErr := l.Close(); err == nil && queryErr == nil && closeErr != nil {
		return closeErr
	}
	return f.judge(path, err, after)
}

// refusal judges the error of an open: it says damage and where, unless the byte
// is in the number of the format, or ends catalog.db's being one.
func (f *flipper) refusal(path string, err error) error {
	name := filepath.Base(path)
	if name != "lake.json" && name != "catalog.db" {
		return fmt.Errorf("open reads more than it needs: %w", err)
	}
	format := name == "lake.json" && strings.Contains(err.Error(), "format")
	if !format && !errors.Is(err, ErrDamaged) {
		return fmt.Errorf("open doesn't call it damage: %w", err)
	}
	return nil
}

func (f *flipper) judge(path string, verdict error, after map[string]string) error {
	catalog := filepath.Base(path) == "catalog.db"
	wrong := false
	for table, hash := range after {
		before, was := f.tables[table]
		wrong = wrong || was && hash != before // one whose name changed is another table, which verify names
	}
	if wrong {
		f.wrong++
	}
	switch {
	case verdict == nil && !catalog:
		return errors.New("verify finds nothing")
	case verdict == nil:
		f.harmless++
		dump, err := dumpCatalog(f.dir)
		if err != nil || dump != f.dump {
			return fmt.Errorf("verify finds nothing, but the catalog holds other rows (%v)", err)
		}
		return nil
	case !errors.Is(verdict, ErrDamaged):
		return fmt.Errorf("verify doesn't call it damage: %w", verdict)
	case !catalog && !strings.Contains(verdict.Error(), filepath.Base(path)):
		return fmt.Errorf("verify doesn't name the file: %w", verdict)
	case wrong && !strings.HasSuffix(path, ".parquet"):
		return fmt.Errorf("a query gives wrong rows: %v", after)
	}
	f.found++
	return nil
}

// hashes gives, for each table that can be read, a hash of its rows; and all
// errors.
func hashes(ctx context.Context, l *Lake) (out map[string]string, err error) {
	out = map[string]string{}
	s, err := l.openSession(ctx, SessionOptions{Threads: 1}, Holder{})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	now, err := l.version(ctx)
	if err != nil {
		return out, err
	}
	for _, name := range now.names() {
		hash, failure := hashOf(ctx, s, now, name)
		if err = errors.Join(err, failure); failure == nil {
			out[name] = hash
		}
	}
	return out, err
}

func hashOf(ctx context.Context, s *Session, now *version, name string) (hash string, err error) {
	table, err := now.table(ctx, name)
	if err != nil {
		return "", err
	}
	if err := s.view(ctx, table, currentPin(table)); err != nil {
		return "", err
	}
	rows, err := s.Query(ctx, "select count(*) || ' rows, ' || coalesce(sum(hash(t)), 0) from "+name+" t")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	for rows.Next() {
		err = errors.Join(err, rows.Scan(&hash))
	}
	return hash, errors.Join(err, rows.Err())
}

// dumpCatalog prints the rows of catalog.db's tables, and their definitions.
func dumpCatalog(dir string) (string, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "catalog.db"))
	if err != nil {
		return "", err
	}
	defer db.Close()
	var out strings.Builder
	for _, table := range []string{"sqlite_master", "iceberg_tables", "iceberg_namespace_properties",
		"alignctl_lake", "alignctl_files", "alignctl_tables"} {
		if err := dumpTable(db, table, &out); err != nil {
			return "", fmt.Errorf("%s: %w", table, err)
		}
	}
	return out.String(), nil
}

func dumpTable(db *sql.DB, table string, out *strings.Builder) error {
	rows, err := db.Query("select * from " + table + " order by rowid")
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	for err == nil && rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		err = rows.Scan(targets...)
		fmt.Fprintln(out, append([]any{table}, values...)...)
	}
	return errors.Join(err, rows.Err())
}
