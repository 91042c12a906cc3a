package lake

import (
	"bytes"
	"context"
	"encoding/binary"
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

// mutantMemory is how much memory the process may take that reads mutants.
const mutantMemory = 2 << 30

// Properties, when a Parquet file of the lake, its own or another engine's, is
// damaged in any way, for each path that reads it (a view, the first read of
// another engine's rows, rows that are added to its scope, verify, the meta
// tables of a publish):
//   - the path gives an error or goes on; the process doesn't end, and takes a
//     bounded amount of memory;
//   - a path that computes digests never takes the lake's own file for whole.
func TestMutantFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	l := newLakeMovable(t, dir)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 300))
	addSteps(t, r, steps(0, 40))
	publish(t, r, Done)
	r.Close()
	tagNow(t, l, "v1", false)
	appendForeign(t, l, "core.word", words("en", 500)+" where i >= 300")
	appendForeign(t, l, "train.step", foreignSteps)
	appendForeign(t, l, "meta.tags", foreignTags)
	l.Close()
	s := seed(t)
	output, err := child(t, "mutants", dir, fmt.Sprint("ALIGNCTL_SEED=", s)).CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if err != nil {
		t.Errorf("seed %d: %v:\n%s", s, err, strings.Join(lines[max(0, len(lines)-40):], "\n"))
	}
	report(t, "%s (seed %d)", lines[len(lines)-1], s)
}

const (
	foreignSteps = `select 'a' as run_id, i as step, i / 3 as value, timestamp '2026-01-01' as "at",
		null::timestamp as ended, [i::int, 7] as tokens, [{'name': 'p', 'list': [i / 7]}] as parts from range(100, 140) t(i)`
	foreignTags = `select 'v2' as tag, 'core.word' as table_name, 0::bigint as snapshot_id, '' as digest, 0::bigint as "rows",
		'r' as run_id, timestamp '2026-01-01' as created_at`
)

// A breeder makes mutants of a lake's Parquet files, and reads them.
type breeder struct {
	dir    string
	random *rand.Rand
	base   image
	files  []string

	refused, read int // paths that gave an error, or went on
}

// readMutants is the child process.
func readMutants(ctx context.Context, dir string) error {
	s, err := strconv.ParseUint(os.Getenv("ALIGNCTL_SEED"), 10, 64)
	if err != nil {
		return err
	}
	b := &breeder{dir: dir, random: rand.New(rand.NewPCG(s, 1))}
	if b.base, err = imageOf(ctx, dir); err != nil {
		return err
	}
	for _, table := range []string{"core.db/word", "train.db/step", "meta.db/tags"} {
		files := slices.DeleteFunc(slices.Sorted(maps.Keys(b.base.Image)), func(path string) bool {
			return !strings.HasPrefix(path, filepath.Join(dir, "warehouse", table, "data")+"/") || !strings.HasSuffix(path, ".parquet")
		})
		if len(files) != 2 {
			return fmt.Errorf("files of %s: %v", table, files)
		}
		b.files = append(b.files, files...)
	}
	mutants := times(60, 1500)
	for i := range mutants {
		path := b.files[i%len(b.files)]
		kind, content := b.mutate(bytes.Clone(b.base.Image[path]))
		fmt.Printf("mutant %d: %s of %s\n", i, kind, path) // should the process end here
		if err := b.try(ctx, path, content); err != nil {
			return fmt.Errorf("mutant %d, %s of %s: %w", i, kind, path, err)
		}
	}
	peak, err := peakMemory()
	if err == nil && peak > mutantMemory {
		err = fmt.Errorf("the process took %d MB", peak>>20)
	}
	fmt.Printf("%d damaged Parquet files: %d reads gave an error, %d went on; the process took %d MB at most\n",
		mutants, b.refused, b.read, peak>>20)
	return err
}

// mutate damages a file's content in one of the ways that parsers fear.
func (b *breeder) mutate(content []byte) (kind string, mutant []byte) {
	n := len(content)
	footer := n - 8 - int(binary.LittleEndian.Uint32(content[n-8:]))
	at := func() int { return b.random.IntN(n) }
	switch b.random.IntN(7) {
	case 0:
		for range 1 + b.random.IntN(8) {
			content[at()] ^= byte(1 + b.random.IntN(255))
		}
		return "flips", content
	case 1:
		return "truncation", content[:at()]
	case 2:
		binary.LittleEndian.PutUint32(content[n-8:], b.random.Uint32()>>b.random.IntN(32))
		return "footer length", content
	case 3: // a varint of the footer becomes as large as can be
		start := footer + b.random.IntN(n-8-footer)
		copy(content[start:n-8], bytes.Repeat([]byte{0xff}, 1+b.random.IntN(9)))
		return "length in the footer", content
	case 4:
		for range 1 + b.random.IntN(4) {
			content[footer+b.random.IntN(n-8-footer)] = byte(b.random.Uint32())
		}
		return "flips in the footer", content
	case 5: // page headers are in front of the pages
		start := 4 + b.random.IntN(footer-4)
		copy(content[start:footer], bytes.Repeat([]byte{0xff}, 1+b.random.IntN(9)))
		return "length in a page", content
	}
	from, to, length := at(), at(), 1+b.random.IntN(64)
	copy(content[to:], bytes.Clone(content[from:min(n, from+length)]))
	return "splice", content
}

// try reads a mutant on each path, and puts the lake back.
func (b *breeder) try(ctx context.Context, path string, content []byte) (err error) {
	if bytes.Equal(content, b.base.Image[path]) {
		return nil
	}
	if err := b.base.put(path, content); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.base.restore()) }()
	own := !strings.HasPrefix(filepath.Base(path), "foreign-")
	l, err := Open(ctx, b.dir)
	if err != nil {
		return err
	}
	defer l.Close()
	_, verdict := l.Verify(ctx, VerifyOptions{Deep: true})
	if own && (!errors.Is(verdict, ErrDamaged) || !strings.Contains(verdict.Error(), filepath.Base(path))) {
		return fmt.Errorf("verify: %w", verdict)
	}
	_, viewed := hashes(ctx, l)
	b.count(verdict, viewed)
	if strings.Contains(path, "meta.db") {
		_, err := l.Tags(ctx)
		tagged := tagChange().run(ctx, l)
		b.count(err, tagged)
		if own && (err == nil || tagged == nil) {
			return errors.New("the tags were read from it")
		}
		return nil
	}
	added := addToScopes(ctx, l)
	b.count(added)
	if own && strings.Contains(path, "train.db") && added == nil {
		return errors.New("rows were added to it")
	}
	return nil
}

// addToScopes adds rows to the scope of each file.
func addToScopes(ctx context.Context, l *Lake) (err error) {
	r, err := l.Begin(ctx, RunInfo{Command: "mutant", Options: SessionOptions{Threads: 1}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	_, first := r.Write(ctx, wordSpec(), "zh", words("zh", 2))
	_, second := WriteRows(ctx, r, stepSpec(), "a", steps(1000, 1002))
	return errors.Join(first, second)
}

func (b *breeder) count(errs ...error) {
	for _, err := range errs {
		if err != nil {
			b.refused++
		} else {
			b.read++
		}
	}
}

// peakMemory is the most memory that the process ever held.
func peakMemory() (int64, error) {
	content, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(content), "VmHWM:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0, errors.New("no VmHWM in /proc/self/status")
	}
	kilobytes, err := strconv.ParseInt(fields[0], 10, 64)
	return kilobytes << 10, err
}
