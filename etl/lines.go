package etl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// lines walks the lines of a file. All of them must end alike, in LF, in CR LF
// or in CR; the last may end with the file. A UTF-8 byte order mark is skipped.
type lines struct {
	r      *bufio.Reader // its buffer bounds the length of a line
	number int64         // of the line that next gave last, 1-based
	marked bool          // the file begins with a byte order mark
	end    string        // how the first line ended; "" before it was read
}

// next gives the following line without its end; it is valid until the next
// call. At the end of the file it gives io.EOF. A line that is at fault gives
// what there is of it, and the walk can go on behind it.
func (l *lines) next() ([]byte, error) {
	if l.number == 0 {
		if err := l.begin(); err != nil {
			return nil, err
		}
	}
	line, err := l.r.ReadSlice(l.end[len(l.end)-1])
	if len(line) > 0 || err == nil {
		l.number++
	}
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		head := bytes.Clone(line[:minLine])
		return head, l.skip()
	case err == io.EOF && len(line) > 0:
		err = nil
	case err != nil:
		return nil, err
	}
	return l.trim(line)
}

// minLine is what is kept of a line that is too long.
const minLine = 256

// begin skips the byte order mark and finds how lines end: in CR where a whole
// buffer has no LF.
func (l *lines) begin() error {
	head, err := l.r.Peek(l.r.Size())
	if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	at := bytes.IndexByte(head, '\n')
	switch {
	case at > 0 && head[at-1] == '\r':
		l.end = "\r\n"
	case at < 0 && bytes.IndexByte(head, '\r') >= 0:
		l.end = "\r"
	default:
		l.end = "\n"
	}
	if bytes.HasPrefix(head, byteOrderMark) {
		l.marked = true
		_, err := l.r.Discard(len(byteOrderMark))
		return err
	}
	return nil
}

// skip goes behind a line that doesn't fit the buffer.
func (l *lines) skip() error {
	for {
		_, err := l.r.ReadSlice(l.end[len(l.end)-1])
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && err != io.EOF:
			return err
		}
		return &fault{0, fmt.Sprintf("line longer than %d bytes", l.r.Size()),
			"look for line ends that are missing"}
	}
}

// trim cuts the line end, which must be like that of the first line.
func (l *lines) trim(line []byte) ([]byte, error) {
	if text, ok := bytes.CutSuffix(line, []byte(l.end)); ok && l.end != "\n" {
		return text, nil
	}
	text, ended := bytes.CutSuffix(line, []byte("\n"))
	if l.end == "\r" {
		return line, nil // the last line, without an end
	}
	text, crlf := bytes.CutSuffix(text, []byte("\r"))
	if ended && crlf != (l.end == "\r\n") {
		return text, &fault{len(text) + 1, "line ends differ within the file",
			"end all lines alike: with a line feed, with CR LF, or with CR"}
	}
	return text, nil
}

// endName is how the lines end, as people call it.
func (l *lines) endName() string {
	return map[string]string{"\n": "LF", "\r\n": "CR LF", "\r": "CR"}[l.end]
}
