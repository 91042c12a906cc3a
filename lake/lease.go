package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"alignctl/lake/iceberg"
)

// A lease says that a process reads or writes the lake, and from which mark of
// the catalog on (see iceberg.Catalog.Mark). Nothing that the oldest live lease
// may need is removed. That of a lake in a folder is a
// locked file (fileLease), that of a lake that machines share is a row of its
// catalog (sharedLease).
type lease interface {
	// renew says that the holder no longer reads anything that was retired at a
	// mark or earlier.
	renew(ctx context.Context, mark time.Time) error
	// add says that the holder also reads a snapshot.
	add(ctx context.Context, pin Pin) error
	// key is what a publish of its holder shows to the catalog; "" for none.
	key() string
	// end gives the lease back.
	end() error
}

// lease takes a lease, before its holder reads the catalog.
func (l *Lake) lease(ctx context.Context, h Holder) (lease, error) {
	h.PID = os.Getpid()
	h.Host, _ = os.Hostname() // only for people
	mark, err := l.catalog.Mark(ctx)
	if err != nil {
		return nil, fmt.Errorf("take lease: %w", l.blame(ctx, err))
	}
	if l.catalog.Shared() {
		return l.takeShared(ctx, h, mark)
	}
	return l.takeFile(h, mark)
}

// Holders lists who reads or writes the lake now. What processes that are gone
// left of their leases is removed.
func (l *Lake) Holders(ctx context.Context) ([]Holder, error) {
	if l.catalog.Shared() {
		return l.sharedHolders(ctx)
	}
	return l.fileHolders()
}

// A fileLease is a file in leases/ that its process holds locked. The lock ends
// with the process, however that ends.
type fileLease struct {
	file   *os.File // nil: the folder can't be written, so nobody removes files either
	path   string
	mark   time.Time
	holder Holder
	empty  bool // there was no room to say who holds it
}

// A Holder is who has a lease.
type Holder struct {
	PID     int    `json:"pid"`
	Host    string `json:"host"`
	Command string `json:"command"` // of a run; "" of a query
	Run     string `json:"run"`     // its id, or ""
	// Pins are the snapshots that it reads besides those that were current when
	// it began, by table.
	Pins map[string][]int64 `json:"pins"`
	// Began is when the lease was taken.
	Began time.Time `json:"began"`
	// Since is the mark of what the holder reads: of the catalog when it began, or
	// of its last publish.
	Since time.Time `json:"-"`
}

// String names the holder.
func (h Holder) String() string {
	if h.PID == 0 {
		return "a process that had no room on the disk to say which it is"
	}
	who := fmt.Sprintf("process %d on %s", h.PID, h.Host)
	if h.Command != "" {
		who += " (" + h.Command + ")"
	}
	return who
}

// with is the holder that also reads a snapshot.
func (h Holder) with(pin Pin) Holder {
	pins := maps.Clone(h.Pins)
	if pins == nil {
		pins = map[string][]int64{}
	}
	pins[pin.Table] = append(slices.Clone(pins[pin.Table]), pin.Snapshot)
	h.Pins = pins
	return h
}

func (l *Lake) leases() string { return filepath.Join(l.dir, "leases") }

func (l *Lake) takeFile(h Holder, mark time.Time) (*fileLease, error) {
	h.Began = time.Now().UTC()
	lease := &fileLease{mark: mark}
	file, err := lease.write(l.leases(), h)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return &fileLease{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take lease: %w", err)
	}
	// The name says that the file is locked, so it comes after the lock.
	lease.path = strings.Replace(file.Name(), "new-", "lease-", 1)
	if err := lease.replace(file); err != nil {
		return nil, fmt.Errorf("take lease: %w", err)
	}
	return lease, nil
}

// write writes a locked file that says who holds the lease, and has the mark as
// its time of change.
func (l *fileLease) write(folder string, h Holder) (*os.File, error) {
	content, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(folder, "new-*")
	if err != nil {
		return nil, err
	}
	_, err = file.Write(content)
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	if full { // a lake on a full disk can be read, and collected
		err = file.Truncate(0)
	}
	err = errors.Join(err, syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), os.Chtimes(file.Name(), l.mark, l.mark))
	if err != nil {
		return nil, errors.Join(err, file.Close(), remove(file.Name()))
	}
	l.holder, l.empty = h, full
	return file, nil
}

// replace makes a file the lease's, at its path.
func (l *fileLease) replace(file *os.File) error {
	if err := os.Rename(file.Name(), l.path); err != nil {
		return errors.Join(err, file.Close(), remove(file.Name()))
	}
	before := l.file
	l.file = file
	if before == nil {
		return nil
	}
	return before.Close()
}

func (l *fileLease) renew(_ context.Context, mark time.Time) error {
	if l.file == nil {
		return nil
	}
	l.mark = mark
	return os.Chtimes(l.path, mark, mark)
}

// add replaces the file: writing into it would change its time.
func (l *fileLease) add(_ context.Context, pin Pin) error {
	if l.file == nil || l.empty { // an empty one holds all snapshots
		return nil
	}
	file, err := l.write(filepath.Dir(l.path), l.holder.with(pin))
	if err != nil {
		return fmt.Errorf("change lease: %w", err)
	}
	return l.replace(file)
}

func (l *fileLease) key() string { return "" }

func (l *fileLease) end() error {
	if l.file == nil {
		return nil
	}
	return errors.Join(remove(l.path), l.file.Close())
}

func (l *Lake) fileHolders() ([]Holder, error) {
	entries, err := os.ReadDir(l.leases())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list leases: %w", err)
	}
	var holders []Holder
	for _, entry := range entries {
		path := filepath.Join(l.leases(), entry.Name())
		if !strings.HasPrefix(entry.Name(), "lease-") {
			continue
		}
		holder, live, err := readLease(path)
		if err != nil {
			return nil, fmt.Errorf("list leases: %w", err)
		}
		if live {
			holders = append(holders, holder)
		}
	}
	return holders, nil
}

func readLease(path string) (h Holder, live bool, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Holder{}, false, nil // it has just been given back
	}
	if err != nil {
		return Holder{}, false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Holder{}, false, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err == nil {
		if now, err := os.Stat(path); err == nil && !os.SameFile(info, now) {
			return readLease(path) // its holder has just replaced it
		}
		return Holder{}, false, remove(path)
	}
	h.Since = info.ModTime()
	if info.Size() == 0 { // see lease; Began is before all snapshots, so it holds them all
		return h, true, nil
	}
	err = json.NewDecoder(file).Decode(&h)
	return h, true, err
}

// oldest is the mark of the holder that is furthest behind, or the catalog's, of
// before they were listed.
func oldest(holders []Holder, mark time.Time) time.Time {
	for _, h := range holders {
		if h.Since.Before(mark) {
			mark = h.Since
		}
	}
	return mark
}

// blame adds to the error of a locked catalog who is at work on the lake.
func (l *Lake) blame(ctx context.Context, err error) error {
	if !errors.Is(err, iceberg.ErrBusy) {
		return err
	}
	holders, listErr := l.Holders(ctx)
	if listErr != nil {
		return err // the first error tells more
	}
	names := map[int]string{}
	host, _ := os.Hostname()
	for _, h := range append(openers(filepath.Join(l.dir, "catalog.db")), holders...) {
		if h.PID != os.Getpid() || h.Host != host {
			names[h.PID] = h.String()
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%w: %w: by a process of another user, or on another machine", ErrConflict, err)
	}
	return fmt.Errorf("%w: %w: by %s", ErrConflict, err, strings.Join(slices.Sorted(maps.Values(names)), ", "))
}

// openers are the processes of this machine that have a file open, as far as
// the user may see them: other engines take no leases.
func openers(path string) (holders []Holder) {
	host, _ := os.Hostname()
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // nothing where there is no /proc
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || target != path {
			continue
		}
		process := filepath.Dir(filepath.Dir(link))
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(process, "cmdline"))
		command := strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
		holders = append(holders, Holder{PID: pid, Host: host, Command: command})
	}
	return holders
}
