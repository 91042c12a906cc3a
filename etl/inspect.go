package etl

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"alignctl/internal/progress"
)

// An Inspection is what a file is, and what is wrong with it.
type Inspection struct {
	Checked              // as far as the file could be read
	Kind    int          // which of the kinds of files is nearest, by its place in the list
	Known   bool         // the header keeps Layout's contract; else Layout is the nearest
	Header  string       // the beginning of the first line
	Faults  []ParseError // the first ones, in the order of the file
	Found   int64        // how many faults there are
}

// InspectOptions say how to inspect a file.
type InspectOptions struct {
	Encoding string // as in CheckOptions
	Most     int    // faults to list; all are counted
}

// Delimiter is what sets cells apart, as people call it; "" before a layout is
// found.
func (c *Checked) Delimiter() string {
	if c.contract.syntax.delimiter == 0 {
		return ""
	}
	return c.contract.syntax.name()
}

// Inspect reads a file whole and tells what it is, and all that is wrong with
// it. Each of kinds is the layouts of one kind of files; the first line decides
// which is meant. The error is about a file that can't be read.
func Inspect(ctx context.Context, path string, kinds [][]Layout, o InspectOptions) (*Inspection, error) {
	f, info, err := openRaw(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	i := &Inspection{Checked: Checked{Path: path, stat: info}}
	line, err := firstLine(f)
	if err != nil {
		return nil, fmt.Errorf("read raw file %q: %w", path, err)
	}
	i.Header = shorten(string(line))
	var found bool
	if i.Kind, found = nearestKind(line, kinds); !found && len(line) > 0 && foreign(line) == nil {
		i.Faults, i.Found = []ParseError{{File: path, Line: 1, Reason: "no layout has any of these columns: " + i.Header,
			Cure: "does the first line name the columns, and are they set apart as the layout wants it?"}}, 1
	}
	if i.Encoding, err = decide(f, kinds[i.Kind], o.Encoding); err != nil {
		return nil, fmt.Errorf("check raw file %q: %w", path, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read raw file %q: %w", path, err)
	}
	task := progress.Start(ctx, "check "+filepath.Base(path), info.Size(), "bytes")
	defer task.Done()
	return i, i.read(ctx, &tracked{r: f, task: task}, kinds[i.Kind], o.Most)
}

// read goes through the file, past every bad record.
func (i *Inspection) read(ctx context.Context, r io.Reader, layouts []Layout, most int) error {
	note := func(e *ParseError, _ []byte) error {
		i.Found++
		if len(i.Faults) < most {
			i.Faults = append(i.Faults, *e)
		}
		return nil
	}
	x := newExamination(&i.Checked, r)
	x.pass.reject = note
	if i.Found == 0 {
		err := x.run(ctx, layouts)
		var bad *ParseError
		if errors.As(err, &bad) {
			err = note(bad, nil)
		}
		if err != nil {
			return err
		}
	}
	_, err := io.Copy(io.Discard, x.raw) // what a fault of the header left unread
	x.seal()
	i.Known = len(i.Columns) > 0
	return err
}

// firstLine reads the first line of a file, whatever its encoding.
func firstLine(f io.ReadSeeker) ([]byte, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	l := lines{r: bufio.NewReaderSize(f, MaxLine)}
	line, err := l.next()
	var bad *fault
	if err != nil && err != io.EOF && !errors.As(err, &bad) {
		return nil, err
	}
	if utf8.Valid(line) {
		return bytes.Clone(line), nil
	}
	return charmap.ISO8859_1.NewDecoder().Bytes(line)
}

// mostHeader is what is shown of a header, in characters.
const mostHeader = 120

func shorten(line string) string {
	runes := []rune(strings.ReplaceAll(line, "\t", " "))
	if len(runes) <= mostHeader {
		return string(runes)
	}
	return string(runes[:mostHeader]) + "..."
}

// nearestKind is the kind of files whose columns a first line names best. It is
// found where there is one in common, or where the line is a record of files
// without a header.
func nearestKind(line []byte, kinds [][]Layout) (best int, found bool) {
	var most likeness
	for at, layouts := range kinds {
		for _, l := range layouts {
			if like := l.likeness(line); like.exceeds(most) {
				best, most = at, like
			}
		}
	}
	if most.named > 0 {
		return best, true
	}
	for at, layouts := range kinds {
		if _, found := headerless(line, layouts); found {
			return at, true
		}
	}
	return 0, false
}

// A likeness is how many of a layout's columns a header names, and how many that
// a file can't lack it doesn't.
type likeness struct{ named, missing int }

func (a likeness) exceeds(b likeness) bool {
	return a.named > b.named || a.named > 0 && a.named == b.named && a.missing < b.missing
}

// likeness sets the layout beside a first line, cut in the way that names most.
func (l Layout) likeness(line []byte) (best likeness) {
	for _, s := range l.syntaxes() {
		header, _ := s.cells(line)                                                      // as far as it can be cut
		header = slices.DeleteFunc(header, func(h cell) bool { return h.text() == "" }) // too common a name
		if like := (likeness{l.overlap(header), len(l.missing(header))}); like.exceeds(best) {
			best = like
		}
	}
	return best
}
