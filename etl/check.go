package etl

import (
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
	Path     string
	Layout   string   // the layout that it follows
	Columns  []Column // in the file's order
	Rows     int64    // good records
	Rejected int64    // bad records, set aside
	Bytes    int64
	SHA256   string // of the bytes, lower-case hex
	Encoding string // one of Encodings
	LineEnd  string // LF, CR LF or CR

	contract contract
	trails   bool        // a record ends in a delimiter
	stat     fs.FileInfo // as it was when the check began
}

// CheckOptions say how to check a file.
type CheckOptions struct {
	Encoding string // one of Encodings; "": what the layouts say
	// Rejects takes the bad records, each a line; nil: the first refuses the file.
	Rejects *Rejects
}

// FileID identifies the file's content in the lake's tables: the first 16 hex
// digits of its SHA-256.
func (c *Checked) FileID() string { return c.SHA256[:16] }

// Name is the file's name without its folder.
func (c *Checked) Name() string { return filepath.Base(c.Path) }

// Notes are what people want to know of how the file was read: what it was
// taken for where that isn't plain.
func (c *Checked) Notes() (notes []string) {
	if said := c.contract.said(); said != "" {
		notes = append(notes, said)
	}
	if c.Encoding != utf8Name {
		notes = append(notes, "encoding "+c.Encoding)
	}
	if c.LineEnd == "CR" {
		notes = append(notes, "lines end in CR")
	}
	if c.trails {
		notes = append(notes, "records end in one more delimiter than the header")
	}
	if c.Rejected > 0 {
		notes = append(notes, fmt.Sprintf("%d records set aside", c.Rejected))
	}
	return notes
}

// Check reads the whole file once, compares header and records with the
// layouts (the header decides which one applies), and counts and digests it.
// A file that breaks the contract gives a *ParseError.
func Check(ctx context.Context, path string, layouts []Layout, o CheckOptions) (*Checked, error) {
	f, info, err := openRaw(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	encoding, err := decide(f, layouts, o.Encoding)
	if f, ok := err.(*fault); ok {
		return nil, f.at(path, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("check raw file %q: %w", path, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read raw file %q: %w", path, err)
	}
	task := progress.Start(ctx, "check "+filepath.Base(path), info.Size(), "bytes")
	defer task.Done()
	checked, err := check(ctx, &Checked{Path: path, Encoding: encoding, stat: info}, &tracked{r: f, task: task}, layouts, o)
	if err != nil {
		return nil, err
	}
	return checked, checked.unmoved()
}

func openRaw(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open raw file: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("open raw file: %w", err)
	}
	if !info.Mode().IsRegular() {
		f.Close()
		return nil, nil, &ParseError{File: path, Reason: "is not a regular file (" + kindOf(info.Mode()) + ")",
			Cure: "save the data to a file: it is read twice"}
	}
	return f, info, nil
}

// unmoved reports whether the file is still the one that the check saw.
func (c *Checked) unmoved() error {
	now, err := os.Stat(c.Path)
	if err != nil {
		return fmt.Errorf("look at raw file again: %w", err)
	}
	if !os.SameFile(now, c.stat) || now.Size() != c.stat.Size() || !now.ModTime().Equal(c.stat.ModTime()) {
		return c.moved()
	}
	return nil
}

func (c *Checked) moved() error {
	return &ParseError{File: c.Path, Reason: "file changed while it was read", Cure: "run the command again"}
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

// A tally digests a file's bytes and counts its line ends, apart from the walk
// over its lines.
type tally struct {
	digest hash.Hash
	bytes  int64
	lf, cr int64
	last   byte
}

// Write takes the next bytes of the file.
func (t *tally) Write(p []byte) (int, error) {
	if len(p) > 0 {
		t.last = p[len(p)-1]
	}
	t.bytes += int64(len(p))
	t.lf += int64(bytes.Count(p, []byte{'\n'}))
	t.cr += int64(bytes.Count(p, []byte{'\r'}))
	return t.digest.Write(p)
}

// lines is the number of lines, where lines end as named.
func (t *tally) lines(end string) int64 {
	ends, mark := t.lf, byte('\n')
	if end == "\r" {
		ends, mark = t.cr, '\r'
	}
	if t.bytes > 0 && t.last != mark {
		ends++
	}
	return ends
}

// check is Check on an open file: it fills in what is known of the file.
func check(ctx context.Context, c *Checked, r io.Reader, layouts []Layout, o CheckOptions) (*Checked, error) {
	x := newExamination(c, r)
	if o.Rejects != nil {
		x.pass.reject = o.Rejects.Add
	}
	if err := x.run(ctx, layouts); err != nil {
		return nil, err
	}
	x.seal()
	return c, nil
}

// An examination is one pass over an open file, which digests its bytes and
// counts its lines beside.
type examination struct {
	checked *Checked
	raw     io.Reader // the file; what is read of it is in the tally
	tally   *tally
	pass    *pass
}

func newExamination(c *Checked, r io.Reader) *examination {
	x := &examination{checked: c, tally: &tally{digest: sha256.New()}}
	x.raw = io.TeeReader(r, x.tally)
	x.pass = newPass(c.Path, c.Encoding, x.raw)
	x.pass.visit = func(_ int64, cells []cell) error {
		c.trails = c.trails || len(cells) > len(x.pass.contract.columns)
		return nil
	}
	return x
}

// run walks the records, and counts the lines a second time.
func (x *examination) run(ctx context.Context, layouts []Layout) error {
	p := x.pass
	if err := p.run(ctx, layouts); err != nil {
		return err
	}
	header := int64(1)
	if p.contract.layout.Headerless {
		header = 0
	}
	if seen, counted := header+p.rows+p.rejected, x.tally.lines(p.lines.end); seen != counted {
		return &ParseError{File: p.path, Cure: "please report it",
			Reason: fmt.Sprintf("%d lines were read where the file has %d line ends", seen, counted)}
	}
	return nil
}

// seal writes down what the pass has found.
func (x *examination) seal() {
	c, p := x.checked, x.pass
	c.contract, c.Layout, c.Columns = p.contract, p.contract.layout.Name, p.contract.columns
	c.Rows, c.Rejected, c.LineEnd = p.rows, p.rejected, p.lines.endName()
	c.Bytes, c.SHA256 = x.tally.bytes, hex.EncodeToString(x.tally.digest.Sum(nil))
}

// Line is the SQL of a staged record's line in its file, 1-based: rows keep
// the file's order, and a record is one line.
func (c *Checked) Line() string {
	switch {
	case c.odd():
		return "source_line"
	case c.contract.layout.Headerless:
		return "rowid + 1"
	}
	return "rowid + 2"
}
