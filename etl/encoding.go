package etl

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"

	"alignctl/internal/nearest"
)

// utf8Name is the encoding that a file has unless something says otherwise.
const utf8Name = "utf-8"

// legacy are the encodings beside UTF-8.
var legacy = map[string]encoding.Encoding{
	"iso-8859-1": charmap.ISO8859_1,
	"gb18030":    simplifiedchinese.GB18030,
}

// Encodings lists the names by which an encoding is declared.
func Encodings() []string { return []string{utf8Name, "iso-8859-1", "gb18030"} }

// findEncoding gives the name of an encoding as Encodings has it.
func findEncoding(name string) (string, error) {
	lower := strings.ToLower(name)
	if alias, ok := map[string]string{"utf8": utf8Name, "latin1": "iso-8859-1", "latin-1": "iso-8859-1",
		"gbk": "gb18030", "gb2312": "gb18030"}[lower]; ok {
		return alias, nil
	}
	if !slices.Contains(Encodings(), lower) {
		return "", fmt.Errorf("find encoding %q: not known%s; give one of %s", name,
			nearest.Hint(lower, Encodings()), strings.Join(Encodings(), ", "))
	}
	return lower, nil
}

// decode reads r, which is in the named encoding, as UTF-8. A byte sequence
// that isn't of the encoding becomes U+FFFD.
func decode(r io.Reader, name string) io.Reader {
	if e, ok := legacy[name]; ok {
		return transform.NewReader(r, e.NewDecoder())
	}
	return r
}

// decide finds a file's encoding: the one that the user names, else UTF-8 where
// every byte is, else the first that the layouts name and that the whole file
// is in. Where none is, it is UTF-8, and the check tells what is wrong with it.
func decide(file *os.File, layouts []Layout, named string) (string, error) {
	if named != "" {
		return asNamed(file, named)
	}
	var candidates []string
	for _, l := range layouts {
		candidates = append(candidates, l.Encodings...)
	}
	if len(candidates) == 0 {
		return utf8Name, nil
	}
	for _, name := range append([]string{utf8Name}, candidates...) {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return "", err
		}
		fits, err := isText(decode(file, name))
		if err != nil {
			return "", err
		}
		if fits {
			return name, nil
		}
	}
	return utf8Name, nil
}

// asNamed is the encoding that the user names, unless the file is UTF-8: it would
// be loaded as words that nobody wrote.
func asNamed(file *os.File, named string) (string, error) {
	name, err := findEncoding(named)
	if err != nil || name == utf8Name {
		return name, err
	}
	high := &highBytes{r: file}
	fits, err := isText(high)
	if err == nil && fits && high.seen {
		err = &fault{0, "file is UTF-8, not " + name, "leave --encoding out"}
	}
	return name, err
}

// decoded reports whether a line in a legacy encoding was one: bytes that aren't
// of it have become U+FFFD, or controls that no raw file uses.
func decoded(line []byte, name string) *fault {
	if name == utf8Name {
		return nil
	}
	if at := bytes.IndexFunc(line, func(r rune) bool { return r == utf8.RuneError || r >= 0x80 && r < 0xA0 }); at >= 0 {
		return &fault{at + 1, "bytes that are not " + name, "say by --encoding what the file is in"}
	}
	return nil
}

// highBytes notes whether any byte read through it is beyond ASCII.
type highBytes struct {
	r    io.Reader
	seen bool
}

// Read reads on and looks at the bytes.
func (h *highBytes) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.seen = h.seen || slices.ContainsFunc(p[:n], func(b byte) bool { return b >= utf8.RuneSelf })
	return n, err
}

// isText reports whether r is UTF-8 without the controls that the C1 block
// has, which no raw file uses and which text in a wrong encoding is full of.
func isText(r io.Reader) (bool, error) {
	buffer := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := r.Read(buffer[kept:])
		text := buffer[:kept+n]
		whole := wholeRunes(text)
		if !utf8.Valid(text[:whole]) || bytes.ContainsRune(text[:whole], utf8.RuneError) || hasC1(text[:whole]) {
			return false, nil
		}
		kept = copy(buffer, text[whole:])
		switch {
		case err == io.EOF:
			return kept == 0, nil
		case err != nil:
			return false, err
		}
	}
}

// wholeRunes is the length of text without a rune that may go on behind it.
func wholeRunes(text []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if at := len(text) - back; utf8.RuneStart(text[at]) {
			if utf8.FullRune(text[at:]) {
				return len(text)
			}
			return at
		}
	}
	return len(text)
}

// hasC1 reports whether UTF-8 text has a control of U+0080 to U+009F.
func hasC1(text []byte) bool {
	for {
		at := bytes.IndexByte(text, 0xC2)
		if at < 0 || at+1 >= len(text) {
			return false
		}
		if text[at+1] < 0xA0 {
			return true
		}
		text = text[at+1:]
	}
}
