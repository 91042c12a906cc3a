package etl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// lines walks the lines of a file. All of them must end alike, in LF or in
// CR LF; the last may end with the file. A UTF-8 byte order mark is skipped.
type lines struct {
	r      *bufio.Reader // its buffer bounds the length of a line
	number int64         // of the line that next gave last, 1-based
	bytes  int64         // read so far
	crlf   bool          // how the first line ended
}

// next gives the following line without its end; it is valid until the next
// call. At the end of the file it gives io.EOF.
func (l *lines) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	l.bytes += int64(len(line))
	if len(line) > 0 || err == nil {
		l.number++
	}
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, &fault{0, fmt.Sprintf("line longer than %d bytes", l.r.Size()),
			"look for line ends that are missing or are CR alone"}
	case err == io.EOF && len(line) > 0:
		err = nil
	case err != nil:
		return nil, err
	}
	if l.number == 1 {
		line = bytes.TrimPrefix(line, byteOrderMark)
	}
	return l.trim(line)
}

// trim cuts the line end, which must be like that of the first line.
func (l *lines) trim(line []byte) ([]byte, error) {
	text, ended := bytes.CutSuffix(line, []byte("\n"))
	text, crlf := bytes.CutSuffix(text, []byte("\r"))
	if l.number == 1 {
		l.crlf = crlf
	}
	if ended && crlf != l.crlf {
		return nil, &fault{len(text) + 1, "line ends differ within the file",
			"end all lines alike, with a line feed or with CR LF"}
	}
	return text, nil
}
