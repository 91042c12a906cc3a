package etl

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"alignctl/internal/progress"
)

// plainMissing is the text of a missing value in a plain copy; every other
// cell of a text column has quotes there.
const plainMissing = "NA"

// copy writes the good records of the file, each behind its line number, to a
// temporary file that any CSV reader takes: UTF-8, commas, LF. The file must
// still have the bytes that the check saw.
func (c *Checked) copy(ctx context.Context) (_ *csvFile, leave func() error, err error) {
	temp, err := os.CreateTemp("", "alignctl-raw-*.csv")
	if err != nil {
		return nil, nil, fmt.Errorf("copy raw file %q: %w", c.Path, err)
	}
	remove := func() error { return os.Remove(temp.Name()) }
	if err := errors.Join(c.copyTo(ctx, temp), temp.Close()); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("copy raw file %q: %w", c.Path, err), remove())
	}
	f := &csvFile{path: temp.Name(), syntax: syntax{delimiter: ','}, missing: []string{plainMissing},
		columns: []csvColumn{{Column: Column{Name: "source_line", Kind: Long}, direct: true}}}
	for _, column := range c.Columns {
		if column.Name != "" {
			f.columns = append(f.columns, csvColumn{Column: column, direct: true})
		}
	}
	return f, remove, nil
}

func (c *Checked) copyTo(ctx context.Context, temp io.Writer) error {
	raw, info, err := openRaw(c.Path)
	if err != nil {
		return err
	}
	defer raw.Close()
	task := progress.Start(ctx, "read "+c.Name(), info.Size(), "bytes")
	defer task.Done()
	digest := sha256.New()
	w := bufio.NewWriterSize(temp, 1<<20)
	p := newPass(c.Path, c.Encoding, io.TeeReader(&tracked{r: raw, task: task}, digest))
	p.reject = func(*ParseError, []byte) error { return nil } // the check has set them aside
	p.visit = func(line int64, cells []cell) error { return c.writePlain(w, line, cells) }
	if err := p.run(ctx, []Layout{c.contract.layout}); err != nil {
		return err
	}
	if hex.EncodeToString(digest.Sum(nil)) != c.SHA256 {
		return c.moved()
	}
	return w.Flush()
}

// writePlain writes one record in plain form.
func (c *Checked) writePlain(w *bufio.Writer, line int64, cells []cell) error {
	w.WriteString(strconv.FormatInt(line, 10))
	for i, column := range c.Columns {
		if column.Name == "" {
			continue
		}
		w.WriteByte(',')
		switch v := &cells[i]; {
		case c.contract.absent(i, v):
			w.WriteString(plainMissing)
		case column.Kind == Text:
			w.WriteString(`"` + strings.ReplaceAll(v.text(), `"`, `""`) + `"`)
		default:
			w.Write(c.contract.number(column.Kind, v))
		}
	}
	return w.WriteByte('\n') // the writer keeps the first error
}
