package etl

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Rejects is a file of the records that a check set aside: file, line, column,
// reason, cure and the record itself, as CSV. Nothing stands under its name
// before Close.
type Rejects struct {
	path string
	temp *os.File
	csv  *csv.Writer
	n    int64
}

// maxRejected is what is kept of a rejected record, in bytes.
const maxRejected = 1 << 16

// CreateRejects starts a file of rejected records.
func CreateRejects(path string) (*Rejects, error) {
	temp, err := os.CreateTemp(filepath.Dir(path), ".tmp-"+filepath.Base(path)+"-*")
	if err != nil {
		return nil, fmt.Errorf("create file of rejected records: %w", err)
	}
	r := &Rejects{path: path, temp: temp, csv: csv.NewWriter(temp)}
	if err := r.csv.Write([]string{"file", "line", "column", "reason", "cure", "record"}); err != nil {
		return nil, errors.Join(fmt.Errorf("write file of rejected records %q: %w", path, err), r.Discard())
	}
	return r, nil
}

// Count is the number of records set aside so far.
func (r *Rejects) Count() int64 { return r.n }

// Add sets a record aside. Bytes that aren't text are written as \x escapes.
func (r *Rejects) Add(e *ParseError, record []byte) error {
	r.n++
	if len(record) > maxRejected {
		record = record[:maxRejected]
	}
	row := []string{e.File, strconv.FormatInt(e.Line, 10), strconv.Itoa(e.Column), e.Reason, e.Cure, printable(record)}
	if err := r.csv.Write(row); err != nil {
		return fmt.Errorf("write file of rejected records %q: %w", r.path, err)
	}
	return nil
}

// printable is a record as text on one line.
func printable(record []byte) string {
	if text := string(record); strings.ToValidUTF8(text, "") == text && plain(record, '\t') == nil {
		return text
	}
	escaped := strconv.Quote(string(record))
	return strings.ReplaceAll(escaped[1:len(escaped)-1], `\"`, `"`)
}

// Close puts the file in its place. It is there, with its header line, also
// when no record was set aside.
func (r *Rejects) Close() error {
	r.csv.Flush()
	err := errors.Join(r.csv.Error(), r.temp.Chmod(0o644), r.temp.Sync(), r.temp.Close())
	if err == nil {
		err = os.Rename(r.temp.Name(), r.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write file of rejected records %q: %w", r.path, err), os.Remove(r.temp.Name()))
	}
	return nil
}

// Discard removes what was written; a file that had the name before stays.
func (r *Rejects) Discard() error {
	return errors.Join(r.temp.Close(), os.Remove(r.temp.Name()))
}
