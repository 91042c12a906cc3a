package etl

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// A pass walks the records of one open file and holds each against the
// contract that the first line decides.
type pass struct {
	path     string
	encoding string // of the file, before it was decoded
	lines    lines
	contract contract
	verify   func(Record) error
	reject   func(*ParseError, []byte) error // takes a bad record; nil: it ends the pass
	visit    func(line int64, cells []cell) error

	cells          []cell
	rows, rejected int64
}

// newPass walks a file in an encoding.
func newPass(path, encoding string, r io.Reader) *pass {
	return &pass{path: path, encoding: encoding, lines: lines{r: bufio.NewReaderSize(decode(r, encoding), MaxLine)}}
}

func (p *pass) run(ctx context.Context, layouts []Layout) error {
	first, err := p.begin(layouts)
	if err != nil {
		return err
	}
	if p.contract.layout.Headerless {
		if err := p.record(first, nil); err != nil {
			return err
		}
	}
	for {
		line, err := p.lines.next()
		if err == io.EOF {
			break
		}
		if err := p.record(line, err); err != nil {
			return err
		}
		if p.lines.number%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if p.rows == 0 {
		return p.empty()
	}
	return nil
}

// begin reads the first line, by which it finds the contract.
func (p *pass) begin(layouts []Layout) ([]byte, error) {
	line, err := p.lines.next()
	if err == io.EOF {
		return nil, &ParseError{File: p.path, Reason: "file is empty", Cure: "is the download complete?"}
	}
	if err == nil {
		if f := firstFault(line, p.encoding); f != nil {
			err = f
		}
	}
	if err == nil {
		p.contract, err = match(line, layouts)
	}
	if err != nil {
		return nil, p.locate(err)
	}
	if p.contract.layout.Verify != nil {
		p.verify = p.contract.layout.Verify()
	}
	return line, nil
}

func (p *pass) empty() error {
	if p.rejected > 0 {
		return &ParseError{File: p.path, Reason: fmt.Sprintf("none of its %d records is good", p.rejected),
			Cure: "the rejected records say what is wrong with each"}
	}
	return &ParseError{File: p.path, Line: 1, Reason: "no record after the header", Cure: "is the file complete?"}
}

// firstFault is what is wrong with the file, or with its first line, as text.
func firstFault(line []byte, encoding string) *fault {
	if f := foreign(line); f != nil {
		return f
	}
	return decoded(line, encoding)
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

// record takes a line, or the error by which it couldn't be read.
func (p *pass) record(line []byte, err error) error {
	if err == nil {
		err = p.examine(line)
	}
	if err == nil {
		p.rows++
		if p.visit != nil {
			return p.visit(p.lines.number, p.cells)
		}
		return nil
	}
	located := p.locate(err)
	var bad *ParseError
	if p.reject == nil || !errors.As(located, &bad) {
		return located
	}
	p.rejected++
	return p.reject(bad, line)
}

func (p *pass) examine(line []byte) error {
	if f := decoded(line, p.encoding); f != nil {
		return f
	}
	var err error
	if p.cells, err = p.contract.syntax.append(p.cells[:0], line); err != nil {
		return err
	}
	if err := p.contract.check(p.cells); err != nil {
		return err
	}
	if p.verify != nil {
		return p.verify(Record{&p.contract, p.cells})
	}
	return nil
}

// locate gives a fault its file and line.
func (p *pass) locate(err error) error {
	if f, ok := err.(*fault); ok {
		return f.at(p.path, p.lines.number)
	}
	return fmt.Errorf("read raw file %q: %w", p.path, err)
}
