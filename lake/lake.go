// Package lake keeps versioned tables in a folder: Apache Iceberg tables whose
// rows are Parquet files, written by DuckDB or from typed Go rows, and moved
// together by runs. A Run stages what it writes, audits it, and publishes all
// of its tables in one transaction; a Session queries any version by SQL; each
// version carries a digest of its content. DESIGN.md beside this file says how
// and what is promised.
package lake

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"alignctl/internal/atomicfile"
	"alignctl/internal/disk"
	"alignctl/internal/disk/store"
	"alignctl/lake/iceberg"
)

// The kinds of failure that a command turns into an exit code.
var (
	// ErrNoLake: the folder holds no lake.
	ErrNoLake = errors.New("no lake here")
	// ErrOld: an early alignctl made the lake, and this one doesn't read it.
	ErrOld = errors.New("only early builds of alignctl wrote that")
	// ErrConflict: another run moved the same rows first; the message names it.
	ErrConflict = errors.New("conflict")
	// ErrDamaged: bytes or rows of the lake aren't what was recorded.
	ErrDamaged = iceberg.ErrDamaged
)

// DescriptionFile is the file that makes a folder a lake.
const DescriptionFile = "lake.json"

// formatVersion is the version of the folder's layout that this code writes.
const formatVersion = 2

// Schemas are the namespaces of every lake, as schemas in SQL.
var schemas = []string{"raw", "core", "data", "train", "eval", "meta"}

// A Lake is an open lake folder. It may be used from several goroutines.
type Lake struct {
	dir     string // absolute
	where   Location
	place   iceberg.Place
	disk    disk.FS
	catalog *iceberg.Catalog
	loaded  loaded
	joined  bool // see Joined
}

// A Location says where a lake is that isn't all in its folder. The zero value is
// a lake in a folder.
type Location struct {
	// Catalog is the address of a PostgreSQL database, which holds one lake, for
	// several machines: postgres://USER@HOST:PORT/DATABASE. Passwords come from
	// PGPASSWORD or ~/.pgpass; one in the address isn't kept.
	Catalog string `json:"catalog,omitempty"`
	// Warehouse is where the files are kept, as "s3://bucket/prefix" or the URI
	// of a folder that all machines see; "": in the folder warehouse.
	Warehouse string `json:"warehouse,omitempty"`
}

// kept is the location without what is secret.
func (w Location) kept() Location {
	w.Catalog = iceberg.WithoutPassword(w.Catalog)
	return w
}

// description is the content of lake.json.
type description struct {
	FormatVersion int       `json:"format_version"`
	ID            string    `json:"id"`
	Created       time.Time `json:"created"`
	Location
}

// Init makes a lake in dir, which must not hold one. The folder is a lake from
// the moment that lake.json is in it, so a killed Init can be run again.
func Init(ctx context.Context, dir string) (*Lake, error) { return InitAt(ctx, dir, Location{}) }

// InitAt makes a lake whose catalog or files are kept elsewhere, where nothing
// may be yet; or, where the catalog has a lake, makes dir this machine's folder
// of it.
func InitAt(ctx context.Context, dir string, where Location) (*Lake, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("make lake %q: %w", dir, err)
	}
	if _, err := os.Stat(filepath.Join(dir, DescriptionFile)); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("make lake %q: there is one already (or it can't be read): %w", dir,
			errors.Join(fs.ErrExist, err))
	}
	where.Warehouse = strings.TrimSuffix(where.Warehouse, "/")
	l := &Lake{dir: dir, where: where}
	if err := l.createOrJoin(ctx); err != nil {
		return nil, fmt.Errorf("make lake %q: %w", dir, err)
	}
	return l, nil
}

// createOrJoin joins the lake that the catalog has, or makes one.
func (l *Lake) createOrJoin(ctx context.Context) error {
	if err := l.locate(); err != nil {
		return err
	}
	if l.where.Catalog == "" {
		return l.create(ctx)
	}
	held, err := iceberg.Described(ctx, l.where.Catalog)
	switch {
	case err != nil:
		return err
	case held != "":
		return l.join(ctx, held)
	case l.where.Warehouse == "":
		return fmt.Errorf("the catalog %s holds no lake yet: say where its files are to be, by --warehouse", l.where.kept().Catalog)
	}
	return l.create(ctx)
}

// create makes what a lake consists of. Of several that make one in the same
// catalog at once the first makes it, and the others join it.
func (l *Lake) create(ctx context.Context) (err error) {
	if err := l.settle(); err != nil {
		return err
	}
	if l.catalog, err = iceberg.Create(ctx, l.address(), l.disk, l.place, schemas); err != nil {
		return err
	}
	d := description{FormatVersion: formatVersion, ID: randomHex(16), Created: time.Now().UTC(), Location: l.where.kept()}
	held, err := l.catalog.Describe(ctx, d.text())
	if err == nil && held != d.text() { // another's, or that of an init which was killed
		return errors.Join(l.catalog.Close(), l.join(ctx, held))
	}
	if err == nil {
		err = l.establish(ctx, held)
	}
	if err != nil {
		return errors.Join(err, l.catalog.Close())
	}
	return nil
}

// establish makes the first claim of the warehouse, and of the folder a lake.
func (l *Lake) establish(ctx context.Context, description string) error {
	err := l.catalog.Claim(ctx)
	if errors.Is(err, iceberg.ErrCopied) {
		return fmt.Errorf("the files in warehouse %q are another lake's: name an empty one, and another database or folder", l.where.Warehouse)
	}
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(l.dir, DescriptionFile), []byte(description), 0o644)
}

// join makes the folder one of the lake that the catalog describes.
func (l *Lake) join(ctx context.Context, held string) (err error) {
	var d description
	if err := json.Unmarshal([]byte(held), &d); err != nil {
		return fmt.Errorf("read the lake's description in %s: %w: %w", iceberg.WithoutPassword(l.address()), ErrDamaged, err)
	}
	if err := d.readable(l.dir); err != nil {
		return err
	}
	if l.where.Warehouse != "" && l.where.Warehouse != d.Warehouse {
		return fmt.Errorf("the catalog %s holds a lake already, whose files are in %s, not in %s: leave --warehouse out to join it",
			iceberg.WithoutPassword(l.address()), d.Warehouse, l.where.Warehouse)
	}
	l.where.Warehouse, l.joined = d.Warehouse, l.where.Catalog != ""
	if err := l.settle(); err != nil {
		return err
	}
	if l.catalog, err = iceberg.Open(ctx, l.address(), l.disk, l.place); err != nil {
		return err
	}
	d.Location = l.where.kept() // the address by which this machine reaches the catalog
	if err := atomicfile.Write(filepath.Join(l.dir, DescriptionFile), []byte(d.text()), 0o644); err != nil {
		return errors.Join(err, l.catalog.Close())
	}
	return nil
}

// settle finds the warehouse's disk, and makes the lake's folder.
func (l *Lake) settle() error {
	if err := l.locate(); err != nil {
		return err
	}
	if err := l.mount(); err != nil {
		return err
	}
	if err := l.unused(); err != nil {
		return err
	}
	if err := l.found(); err != nil {
		return err
	}
	for _, folder := range []string{l.warehouse(), l.Temp(), l.leases()} {
		if err := (disk.OS{}).MkdirAll(folder); err != nil {
			return err
		}
	}
	return nil
}

// found makes a new lake's shared folder, and sees that a joined one's is there.
func (l *Lake) found() error {
	if shared, ok := l.disk.(disk.Shared); ok && !l.joined {
		return shared.Init()
	}
	return l.reach()
}

// unused sees that a new lake's warehouse of its own URL can be reached, and is
// nobody's; an init that was killed may have left a claim.
func (l *Lake) unused() error {
	if l.where.Warehouse == "" || l.joined {
		return nil
	}
	list := l.disk.List
	if shared, ok := l.disk.(disk.Shared); ok { // which has no mark yet
		list = shared.OS.List
	}
	there, err := list(l.warehouse())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if l.begun() {
		there = slices.DeleteFunc(there, func(f disk.Info) bool { return l.place.IsClaim(f.Path) })
	}
	if err == nil && len(there) > 0 {
		err = fmt.Errorf("warehouse %q has files already, such as %q: name an empty one", l.where.Warehouse, there[0].Path)
	}
	return err
}

// begun says whether the folder has a catalog, of an init that was killed.
func (l *Lake) begun() bool {
	_, err := os.Stat(l.address())
	return l.where.Catalog == "" && err == nil
}

// address is that of the catalog.
func (l *Lake) address() string {
	if l.where.Catalog != "" {
		return l.where.Catalog
	}
	return filepath.Join(l.dir, "catalog.db")
}

// locate says where the warehouse is.
func (l *Lake) locate() (err error) {
	l.place, err = iceberg.NewPlace(l.where.Warehouse, filepath.Join(l.dir, "warehouse"))
	return err
}

// mount finds the warehouse's disk.
func (l *Lake) mount() (err error) {
	switch {
	case l.place.Remote():
		l.disk, err = store.Open(l.place.Location(), l.warehouse(), store.Options{Expect: l.expected})
	case l.where.Warehouse != "":
		l.disk = disk.Shared{Folder: l.warehouse(), Mark: sharedMark}
	default:
		l.disk = disk.OS{}
	}
	return err
}

// sharedMark is a folder of every lake that has been made: a shared warehouse
// without it isn't mounted.
const sharedMark = "meta.db"

// reach sees that a shared folder is there.
func (l *Lake) reach() error {
	if shared, ok := l.disk.(disk.Shared); ok {
		return shared.Reach()
	}
	return nil
}

// expected is what the catalog recorded of files.
func (l *Lake) expected(ctx context.Context, paths []string) (map[string]store.Expected, error) {
	records, err := l.catalog.Records(ctx, paths)
	expected := make(map[string]store.Expected, len(records))
	for path, f := range records {
		expected[path] = store.Expected{Bytes: f.Bytes, SHA256: f.SHA256}
	}
	return expected, err
}

func (d description) text() string {
	content, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		panic(err) // numbers and texts
	}
	return string(content) + "\n"
}

// Open opens the lake in dir: ErrNoLake when there is none, an error when a
// newer alignctl made it.
func Open(ctx context.Context, dir string) (*Lake, error) {
	return openOn(ctx, dir, func(on disk.FS) disk.FS { return on })
}

// openOn opens a lake on what wrap makes of its disk.
func openOn(ctx context.Context, dir string, wrap func(disk.FS) disk.FS) (*Lake, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open lake %q: %w", dir, err)
	}
	d, err := readDescription(dir)
	if err != nil {
		return nil, err
	}
	l := &Lake{dir: dir, where: d.Location}
	if err := l.locate(); err != nil {
		return nil, fmt.Errorf("open lake %q: lake.json: %w: %w", dir, ErrDamaged, err)
	}
	if err := errors.Join(l.mount(), l.reach()); err != nil {
		return nil, fmt.Errorf("open lake %q: %w", dir, err)
	}
	l.disk = wrap(l.disk)
	if l.catalog, err = iceberg.Open(ctx, l.address(), l.disk, l.place); err != nil {
		return nil, fmt.Errorf("open lake %q: %w", dir, l.damagedUnlessAway(ctx, err))
	}
	return l, nil
}

func readDescription(dir string) (d description, err error) {
	content, err := os.ReadFile(filepath.Join(dir, DescriptionFile))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return d, fmt.Errorf("open lake %q: %w (make one with: alignctl init)", dir, ErrNoLake)
	}
	if err != nil {
		return d, fmt.Errorf("open lake: %w", err)
	}
	if err := json.Unmarshal(content, &d); err != nil {
		return d, fmt.Errorf("open lake %q: lake.json: %w: %w", dir, ErrDamaged, err)
	}
	return d, d.readable(dir)
}

// readable refuses the lake of another format.
func (d description) readable(dir string) error {
	switch {
	case d.FormatVersion < formatVersion:
		return fmt.Errorf("open lake %q: its format version is %d: %w: load the raw files into a new lake",
			dir, d.FormatVersion, ErrOld)
	case d.FormatVersion > formatVersion:
		return fmt.Errorf("open lake %q: its format version is %d, this alignctl reads up to %d: use a newer one",
			dir, d.FormatVersion, formatVersion)
	}
	return nil
}

// Close closes the catalog. Sessions and runs of the lake end first.
func (l *Lake) Close() error { return l.catalog.Close() }

// Dir is the lake's folder, absolute.
func (l *Lake) Dir() string { return l.dir }

// Location is where the lake is, besides its folder; without a password.
func (l *Lake) Location() Location { return l.where.kept() }

// Joined says whether InitAt found the lake there already.
func (l *Lake) Joined() bool { return l.joined }

// warehouse is the folder of the files, or of their copies.
func (l *Lake) warehouse() string { return l.place.Folder() }

// Temp is the folder of what DuckDB spills and of results on their way out. GC
// clears what a dead process left there.
func (l *Lake) Temp() string { return filepath.Join(l.dir, "tmp") }

// TableInfo says what a table is and what it holds now. The Spec of a table
// that another engine made has only its name and columns, or, in Doc, why they
// can't be read.
type TableInfo struct {
	Pin
	Spec Spec
}

// Tables lists the lake's tables, by name.
func (l *Lake) Tables(ctx context.Context) (infos []TableInfo, err error) {
	err = l.reading(ctx, func(now *version) error {
		infos, err = tablesOf(ctx, now)
		return err
	})
	return infos, err
}

func tablesOf(ctx context.Context, now *version) ([]TableInfo, error) {
	tables, err := now.present(ctx, now.names())
	if err != nil {
		return nil, err
	}
	infos := make([]TableInfo, 0, len(tables))
	for _, table := range tables {
		info, err := infoOf(table)
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// Declared is the newest Spec of a table, also of one that was taken out of the
// lake.
func (l *Lake) Declared(ctx context.Context, name string) (spec Spec, err error) {
	err = l.reading(ctx, func(now *version) error {
		table, err := l.find(ctx, now, name)
		if err != nil {
			return err
		}
		info, err := infoOf(table)
		spec = info.Spec
		return err
	})
	return spec, err
}

func infoOf(table *iceberg.Table) (TableInfo, error) {
	fields, err := table.Fields(0)
	if errors.Is(err, iceberg.ErrUnsupported) {
		return TableInfo{Pin: currentPin(table), Spec: Spec{Name: table.Name(), Doc: err.Error()}}, nil
	}
	if err != nil {
		return TableInfo{}, err
	}
	info := TableInfo{Pin: currentPin(table), Spec: Spec{Name: table.Name(), Columns: columnsOf(fields)}}
	if text, ours := table.Properties()[propSpec]; ours {
		if err := json.Unmarshal([]byte(text), &info.Spec); err != nil {
			return TableInfo{}, fmt.Errorf("read property %s of table %s: %w", propSpec, table.Name(), err)
		}
	}
	return info, nil
}

// pinOf is the pin of a table at one of its snapshots; the zero snapshot is an
// empty table.
func pinOf(table string, s iceberg.Snapshot) Pin {
	rows, _ := strconv.ParseInt(s.Summary["total-records"], 10, 64) // absent before the first file: 0
	return Pin{Table: table, Snapshot: s.ID, Digest: s.Summary[summaryDigest], Rows: rows}
}

func currentPin(table *iceberg.Table) Pin {
	current, _ := table.Current()
	pin := pinOf(table.Name(), current)
	pin.Renamed = table.Renamed()
	return pin
}

// damagedUnlessAway marks an error of opening the catalog. A locked one is not
// damaged, and the error says who holds it; nor is one on a server that can't be
// reached.
func (l *Lake) damagedUnlessAway(ctx context.Context, err error) error {
	switch {
	case l.where.Catalog != "":
		return err
	case errors.Is(err, iceberg.ErrBusy):
		return l.blame(ctx, err)
	}
	return damaged(err)
}

// damaged marks an error of reading what the catalog points at.
func damaged(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, iceberg.ErrUnsupported) || errors.Is(err, ErrDamaged) ||
		errors.Is(err, disk.ErrUnreachable) || errors.Is(err, disk.ErrFull) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

func randomHex(bytes int) string {
	random := make([]byte, bytes)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(random)
}
