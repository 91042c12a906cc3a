package etl

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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
	Twins   []int        // other kinds that it keeps the contract of as well
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
// it. Each of kinds is the layouts of one kind of files. The first line decides
// which is meant; where it is that of several, the one with the fewest faults
// is. The error is about a file that can't be read.
func Inspect(ctx context.Context, path string, kinds [][]Layout, o InspectOptions) (*Inspection, error) {
	f, info, err := openRaw(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	line, err := firstLine(f)
	if err != nil {
		return nil, fmt.Errorf("read raw file %q: %w", path, err)
	}
	var best *Inspection
	for _, kind := range nearestKinds(line, kinds) {
		i := &Inspection{Checked: Checked{Path: path, stat: info}, Kind: kind, Header: shorten(string(line))}
		if err := i.read(ctx, f, kinds[kind], o); err != nil {
			return nil, fmt.Errorf("check raw file %q: %w", path, err)
		}
		switch {
		case best == nil || i.Found < best.Found:
			best = i
		case i.Found == 0:
			best.Twins = append(best.Twins, kind)
		}
	}
	if best == nil {
		return inspectUnknown(ctx, f, Inspection{Checked: Checked{Path: path, stat: info}, Header: shorten(string(line))})
	}
	return best, nil
}

// read goes through the file as one of a kind, past every bad record.
func (i *Inspection) read(ctx context.Context, f *os.File, layouts []Layout, o InspectOptions) (err error) {
	if i.Encoding, err = decide(f, layouts, o.Encoding); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	task := progress.Start(ctx, "check "+i.Name(), i.stat.Size(), "bytes")
	defer task.Done()
	note := func(e *ParseError, _ []byte) error {
		i.Found++
		if len(i.Faults) < o.Most {
			i.Faults = append(i.Faults, *e)
		}
		return nil
	}
	x := newExamination(&i.Checked, &tracked{r: f, task: task})
	x.pass.reject = note
	err = x.run(ctx, layouts)
	var bad *ParseError
	if errors.As(err, &bad) {
		err = note(bad, nil)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, x.raw) // what a fault of the header left unread
	x.seal()
	i.Known = len(i.Columns) > 0
	return err
}

// inspectUnknown tells of a file that is of no kind.
func inspectUnknown(ctx context.Context, f *os.File, i Inspection) (*Inspection, error) {
	digest, err := DigestFile(ctx, i.Path)
	if err != nil {
		return nil, err
	}
	i.SHA256, i.Bytes, i.Found = digest, i.stat.Size(), 1
	fault := ParseError{File: i.Path, Line: 1, Reason: "no layout has any of these columns: " + i.Header,
		Cure: "does the first line name the columns, and are they set apart as the layout wants it?"}
	first := make([]byte, 4)
	n, _ := f.ReadAt(first, 0) // a shorter file has fewer
	switch known := foreign(first[:n]); {
	case known != nil:
		fault = *known.at(i.Path, 1)
	case strings.HasPrefix(i.Header, "{") || strings.HasPrefix(i.Header, "["):
		fault.Reason = "file looks like JSON; it is no table"
		fault.Cure = "name it where a file in JSON is asked for, such as a codebook"
	case i.Header == "":
		fault = ParseError{File: i.Path, Reason: "file is empty, or its first line is", Cure: "is the download complete?"}
	}
	i.Faults = []ParseError{fault}
	return &i, nil
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

// nearestKinds are the kinds of files whose columns a first line names best:
// several where they are alike. Where there is none in common, the line may be a
// record of files without a header.
func nearestKinds(line []byte, kinds [][]Layout) (best []int) {
	var most likeness
	for at, layouts := range kinds {
		var like likeness
		for _, l := range layouts {
			if one := l.likeness(line); one.exceeds(like) {
				like = one
			}
		}
		if like.exceeds(most) {
			best, most = nil, like
		}
		if like.named > 0 && like == most {
			best = append(best, at)
		}
	}
	if len(best) > 0 {
		return best
	}
	for at, layouts := range kinds {
		if _, found := headerless(line, layouts); found {
			best = append(best, at)
		}
	}
	return best
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
