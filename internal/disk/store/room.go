package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"alignctl/internal/disk"
)

// cacheVariable bounds the copies in a cache.
const cacheVariable = "ALIGNCTL_CACHE_SIZE"

// defaultCacheSize is the bound where the variable isn't set.
const defaultCacheSize = 20 << 30

var sizeForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([KMGT]?)(i?)B?$`)

// CacheSize is the bound that ALIGNCTL_CACHE_SIZE sets, such as 8GB (of 10^9
// bytes) or 8GiB; 20 GiB where it isn't set.
func CacheSize() (int64, error) {
	text := os.Getenv(cacheVariable)
	if text == "" {
		return defaultCacheSize, nil
	}
	parts := sizeForm.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return 0, fmt.Errorf("read %s %q: want a size such as 8GB or 500MiB", cacheVariable, text)
	}
	number, err := strconv.ParseFloat(parts[1], 64)
	base := 1000.0
	if parts[3] != "" {
		base = 1024
	}
	size := number * math.Pow(base, float64(strings.Index(" KMGT", cmp.Or(parts[2], " "))))
	if err != nil || size < 1 || size > math.MaxInt64/2 {
		return 0, fmt.Errorf("read %s %q: want a size such as 8GB or 500MiB", cacheVariable, text)
	}
	return int64(size), nil
}

func bytesText(n int64) string {
	if n < 10<<20 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

// room is what this process knows of how full the folder is.
type room struct {
	used   int64 // by copies, when it was looked at, and what this process fetched since
	looked time.Time
}

// lookAgain is after how long others may have fetched so much that the folder
// is looked at again.
const lookAgain = 5 * time.Second

// reserve makes room for a copy: it removes those that were used longest ago
// until, with the new one, nine tenths of the bound are left.
func (s *Store) reserve(need int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.room.looked) < lookAgain && s.room.used+need <= s.options.MaxBytes {
		s.room.used += need
		return nil
	}
	used, err := s.evict(need)
	if err != nil {
		return fmt.Errorf("make room in cache %q: %w", s.folder, err)
	}
	if used+need > s.options.MaxBytes {
		return s.full(fmt.Sprintf("%s are in use, and %s more are needed", bytesText(used), bytesText(need)))
	}
	s.room = room{used: used + need, looked: time.Now()}
	return nil
}

func (s *Store) full(why string) error {
	return fmt.Errorf("%w: %q may hold %s, of which %s: raise %s, or ask for less at once",
		disk.ErrFull, s.folder, bytesText(s.options.MaxBytes), why, cacheVariable)
}

// fit says before anything is fetched whether files can be here together, and
// whether one is missing. Those of which nothing is recorded count only once
// they are here.
func (s *Store) fit(ctx context.Context, paths []string) (missing bool, err error) {
	want, err := s.expectAll(ctx, slices.DeleteFunc(slices.Clone(paths), s.isSeen))
	if err != nil {
		return false, err
	}
	var total int64
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			if isCopy(info) {
				total += info.Size()
			}
			continue
		}
		missing = true
		total += want[path].Bytes
	}
	if total > s.options.MaxBytes {
		return missing, s.full(bytesText(total) + " are needed at once")
	}
	return missing, nil
}

// A held copy is one of the folder's.
type held struct {
	path string
	size int64
	used time.Time
}

// evict removes copies that nobody reads, until need fits, and says how much
// the others take.
func (s *Store) evict(need int64) (used int64, err error) {
	copies, err := s.copies()
	if err != nil {
		return 0, err
	}
	for _, c := range copies {
		used += c.size
	}
	if used+need <= s.options.MaxBytes {
		return used, nil
	}
	slices.SortFunc(copies, func(a, b held) int { return cmp.Or(a.used.Compare(b.used), strings.Compare(a.path, b.path)) })
	for _, c := range copies {
		if used+need <= s.options.MaxBytes/10*9 {
			break
		}
		if drop(c.path) {
			used -= c.size
		}
	}
	return used, nil
}

// copies are the copies in the folder, whole or on their way.
func (s *Store) copies() (copies []held, err error) {
	err = disk.Walk(s.folder, func(path string, info fs.FileInfo) {
		if isCopy(info) || isPart(path) {
			copies = append(copies, held{path, info.Size(), info.ModTime()})
		}
	})
	return copies, err
}

// drop removes a file unless somebody has it locked. One that can't be removed,
// such as another user's, stays as one that is in use does.
func drop(path string) (gone bool) {
	file, err := os.Open(path)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer file.Close()
	return lock(file, syscall.LOCK_EX|syscall.LOCK_NB) == nil && disk.OS{}.Remove(path) == nil
}
