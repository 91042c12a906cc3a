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

// A lease says that a process reads or writes the lake. Nothing that was in use
// when the oldest live lease began is removed. That of a lake in a folder is a
// locked file (fileLease), that of a lake that machines share is a row of its
// catalog (sharedLease).
type lease interface {
	// renew says that the holder no longer reads anything that isn't current
	// now.
	renew(ctx context.Context) error
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
	if l.catalog.Shared() {
		return l.takeShared(ctx, h)
	}
	return l.takeFile(h)
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
	// Since is the last time when what the holder reads of the meta tables was
	// current: Began, or its last publish.
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

func (l *Lake) takeFile(h Holder) (*fileLease, error) {
	h.Began = time.Now().UTC()
	content, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(l.leases(), "new-*")
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return &fileLease{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take lease: %w", err)
	}
	// The name says that the file is locked, so it comes after the lock.
	held := strings.Replace(file.Name(), "new-", "lease-", 1)
	_, err = file.Write(content)
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	if full { // a lake on a full disk can be read, and collected
		err = file.Truncate(0)
	}
	err = errors.Join(err, syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), os.Rename(file.Name(), held))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("take lease: %w", err), file.Close(), remove(file.Name()))
	}
	return &fileLease{file: file, path: held, holder: h, empty: full}, nil
}

func (l *fileLease) renew(context.Context) error {
	if l.file == nil {
		return nil
	}
	now := time.Now()
	return os.Chtimes(l.path, now, now)
}

func (l *fileLease) add(_ context.Context, pin Pin) error {
	if l.file == nil || l.empty { // an empty one holds all snapshots
		return nil
	}
	l.holder = l.holder.with(pin)
	content, err := json.Marshal(l.holder)
	if err != nil {
		return err
	}
	_, err = l.file.WriteAt(content, 0) // it only grows
	return err
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
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err == nil {
		return Holder{}, false, remove(path)
	}
	info, err := file.Stat()
	if err != nil {
		return Holder{}, false, err
	}
	h.Since = info.ModTime()
	if info.Size() == 0 { // see lease; Began is before all snapshots, so it holds them all
		return h, true, nil
	}
	err = json.NewDecoder(file).Decode(&h)
	return h, true, err
}

// oldest is when the oldest of the holders began; now when there are none.
func oldest(holders []Holder, now time.Time) time.Time {
	for _, h := range holders {
		if h.Since.Before(now) {
			now = h.Since
		}
	}
	return now
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
