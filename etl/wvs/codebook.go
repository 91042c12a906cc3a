package wvs

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"alignctl/etl"
)

// maxCodebook is the largest codebook that is read, in bytes.
const maxCodebook = 64 << 20

// A Codebook is the words of questions and answers, from a file of the user's:
// the survey's own texts may not be passed on, so none come with alignctl.
//
// In JSON it is an object of questions,
//
//	{"Q1": {"question": "...", "choices": {"1": "...", "2": "..."}}, ...}
//
// whose other members are passed over, as are entries that are no question of
// wave 7 and negative codes; or a list of questions, each with an option for
// every code, in the order of the codes,
//
//	[{"id": "1", "input": "...", "options": ["(A)...", "(B)..."]}, ...]
//
// In CSV it has the columns question, language,
// text, code, label and position: a row gives a question's text, or the label of
// a code and, where it is not ours, its place on the scale.
type Codebook struct {
	Path   string
	SHA256 string // hex
	Bytes  int64
	Texts  []Text
	Labels []Label
	Others int // entries that are no question of wave 7
}

// Name is the file's name without its folder.
func (b *Codebook) Name() string { return filepath.Base(b.Path) }

// A Text is a question's words in a language.
type Text struct{ Question, Language, Text string }

// A Label is an answer's words in a language.
type Label struct {
	Question, Language string
	Code               int64
	Position           int // place on the scale; 0: as wave 7 has it
	Label              string
}

// ReadCodebook reads a codebook, in JSON or CSV. The language ("": en) is that
// of a JSON file; a CSV file names its own.
func ReadCodebook(ctx context.Context, path, language string) (*Codebook, error) {
	if language == "" {
		language = "en"
	}
	if !languageCode.MatchString(language) {
		return nil, fmt.Errorf("read codebook %q: %q is no language code such as en or zh", path, language)
	}
	data, err := readCodebook(path)
	if err != nil {
		return nil, err
	}
	first := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	if len(first) > 0 && (first[0] == '{' || first[0] == '[') {
		return parseCodebookJSON(path, language, data)
	}
	return readCodebookCSV(ctx, path)
}

var languageCode = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// readCodebook gives the bytes of a file of reasonable size.
func readCodebook(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open codebook: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(bufio.NewReader(f), maxCodebook+1))
	if err != nil {
		return nil, fmt.Errorf("read codebook %q: %w", path, err)
	}
	if len(data) > maxCodebook {
		return nil, &etl.ParseError{File: path, Reason: fmt.Sprintf("file is larger than %d bytes", maxCodebook),
			Cure: "is it a codebook?"}
	}
	return data, nil
}

func sha256Of(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// A wording collects a codebook and sees that it fits wave 7 and says each
// thing once.
type wording struct {
	book   *Codebook
	texts  map[Text]string // by question and language
	labels map[Label]bool  // by question, language and code
}

func newWording(path string) *wording {
	return &wording{book: &Codebook{Path: path}, texts: map[Text]string{}, labels: map[Label]bool{}}
}

// text takes a question's words; saying the same twice is no harm.
func (w *wording) text(t Text) error {
	key := Text{Question: t.Question, Language: t.Language}
	if before, twice := w.texts[key]; twice {
		if before != t.Text {
			return fmt.Errorf("%s has two texts in language %s", t.Question, t.Language)
		}
		return nil
	}
	w.texts[key] = t.Text
	w.book.Texts = append(w.book.Texts, t)
	return nil
}

// label takes an answer's words. Negative codes are no answers.
func (w *wording) label(l Label) error {
	if l.Code < 0 {
		return nil
	}
	if q := byName()[l.Question]; !q.Answers(l.Code) {
		return fmt.Errorf("code %d is no answer to %s, whose codes are %s", l.Code, l.Question, q.codes())
	}
	key := Label{Question: l.Question, Language: l.Language, Code: l.Code}
	if w.labels[key] {
		return fmt.Errorf("code %d of %s has two labels in language %s", l.Code, l.Question, l.Language)
	}
	w.labels[key] = true
	w.book.Labels = append(w.book.Labels, l)
	return nil
}
