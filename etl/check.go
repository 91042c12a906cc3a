package etl

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"alignctl/internal/progress"
)

// MaxLine is the longest record line that is accepted, in bytes.
const MaxLine = 1 << 20

// A Checked is a raw file that keeps its contract.
type Checked struct {
	Path    string
	Layout  string   // the layout that its header follows
	Columns []Column // in the file's order
	Rows    int64    // records, without the header
	Bytes   int64
	SHA256  string // of the bytes, lower-case hex

	stat fs.FileInfo // as it was when the check began
}

// FileID identifies the file's content in the lake's tables: the first 16 hex
// digits of its SHA-256.
func (c *Checked) FileID() string { return c.SHA256[:16] }

// Name is the file's name without its folder.
func (c *Checked) Name() string { return filepath.Base(c.Path) }

// Check reads the whole file once, compares header and records with the
// layouts (the header decides which one applies), and counts and digests it.
// A file that breaks the contract gives a *ParseError.
func Check(ctx context.Context, path string, layouts []Layout) (*Checked, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open raw file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open raw file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, &ParseError{File: path, Reason: "is not a regular file (" + kindOf(info.Mode()) + ")",
			Cure: "save the data to a file: it is read twice"}
	}
	task := progress.Start(ctx, "check "+filepath.Base(path), info.Size(), "bytes")
	defer task.Done()
	checked, err := check(ctx, path, &tracked{r: f, task: task}, layouts)
	if err != nil {
		return nil, err
	}
	checked.stat = info
	return checked, checked.unmoved()
}

// unmoved reports whether the file is still the one that the check saw.
func (c *Checked) unmoved() error {
	now, err := os.Stat(c.Path)
	if err != nil {
		return fmt.Errorf("look at raw file again: %w", err)
	}
	if !os.SameFile(now, c.stat) || now.Size() != c.stat.Size() || !now.ModTime().Equal(c.stat.ModTime()) {
		return &ParseError{File: c.Path, Reason: "file changed while it was read", Cure: "run the command again"}
	}
	return nil
}

func kindOf(mode fs.FileMode) string {
	if mode.IsDir() {
		return "a folder"
	}
	return mode.Type().String()
}

// tracked reports what is read through it.
type tracked struct {
	r    io.Reader
	task progress.Task
}

// Read reads on and reports how far it came.
func (t *tracked) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.task.Add(int64(n))
	return n, err
}

// check is Check on an open file; path names it in errors.
func check(ctx context.Context, path string, r io.Reader, layouts []Layout) (*Checked, error) {
	digest := sha256.New()
	c := &checker{
		lines:  lines{r: bufio.NewReaderSize(io.TeeReader(r, digest), MaxLine)},
		result: Checked{Path: path},
	}
	if err := c.run(ctx, layouts); err != nil {
		return nil, err
	}
	return c.seal(digest), nil
}

// A checker holds the state of one pass over a file.
type checker struct {
	lines  lines
	cells  []cell
	result Checked
}

func (c *checker) run(ctx context.Context, layouts []Layout) error {
	if err := c.header(layouts); err != nil {
		return err
	}
	for {
		line, err := c.lines.next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = c.record(line)
		}
		if err != nil {
			return c.locate(err)
		}
		c.result.Rows++
		if c.result.Rows%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if c.result.Rows == 0 {
		return &ParseError{File: c.result.Path, Line: 1, Reason: "no record after the header",
			Cure: "is the file complete?"}
	}
	return nil
}

func (c *checker) header(layouts []Layout) error {
	line, err := c.lines.next()
	if err == io.EOF {
		return &ParseError{File: c.result.Path, Reason: "file is empty", Cure: "is the download complete?"}
	}
	if err == nil {
		if f := foreign(line); f != nil {
			return c.locate(f)
		}
		err = c.cellsOf(line)
	}
	if err != nil {
		return c.locate(err)
	}
	layout, columns, f := match(c.cells, layouts)
	if f != nil {
		return c.locate(f)
	}
	c.result.Layout, c.result.Columns = layout.Name, columns
	return nil
}

// foreign recognises files that are no CSV at all by their first bytes.
func foreign(line []byte) *fault {
	for _, magic := range []struct{ prefix, reason, cure string }{
		{"\x1f\x8b", "file is compressed by gzip", "decompress it first"},
		{"PK\x03\x04", "file is a zip archive or a spreadsheet", "extract it, or save it as CSV in UTF-8"},
		{"\xff\xfe", "file is UTF-16", "save it as UTF-8"},
		{"\xfe\xff", "file is UTF-16", "save it as UTF-8"},
	} {
		if bytes.HasPrefix(line, []byte(magic.prefix)) {
			return &fault{0, magic.reason, magic.cure}
		}
	}
	return nil
}

func (c *checker) record(line []byte) error {
	if err := c.cellsOf(line); err != nil {
		return err
	}
	if got, want := len(c.cells), len(c.result.Columns); got != want {
		return &fault{0, fmt.Sprintf("%d cells where the header has %d", got, want),
			"look for a missing or an extra comma, or quote the cell that holds one"}
	}
	for i, column := range c.result.Columns {
		if f := column.check(c.cells[i]); f != nil {
			return f
		}
	}
	return nil
}

// cellsOf splits a line that must be plain text into c.cells.
func (c *checker) cellsOf(line []byte) error {
	if len(line) == 0 {
		return &fault{0, "empty line", "remove it"}
	}
	if f := plain(line); f != nil {
		return f
	}
	var f *fault
	if c.cells, f = split(c.cells[:0], line); f != nil {
		return f
	}
	return nil
}

// locate gives a fault its file and line.
func (c *checker) locate(err error) error {
	if f, ok := err.(*fault); ok {
		return f.at(c.result.Path, c.lines.number)
	}
	return fmt.Errorf("read raw file %q: %w", c.result.Path, err)
}

func (c *checker) seal(digest hash.Hash) *Checked {
	c.result.Bytes = c.lines.bytes
	c.result.SHA256 = hex.EncodeToString(digest.Sum(nil))
	return &c.result
}
