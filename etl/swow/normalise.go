package swow

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/longbridgeapp/opencc"

	"alignctl/etl"
)

// needsShapes reports whether words are told apart by their characters, beyond
// their number.
func (l *Language) needsShapes() bool { return l.Shapes.Symbol || l.tests("symbol", "latin") }

// needsTexts reports whether Go must see each different text.
func (l *Language) needsTexts() bool {
	return l.Normalise.Simplify || l.Normalise.Erhua != nil || l.needsShapes()
}

// A normaliser turns the spellings of a word into one.
type normaliser struct {
	simplifier *opencc.OpenCC // nil: not asked for
	erhua      *Erhua
}

func newNormaliser(n Normalise) (*normaliser, error) {
	out := &normaliser{erhua: n.Erhua}
	if n.Simplify {
		var err error
		if out.simplifier, err = opencc.New("t2s"); err != nil {
			return nil, fmt.Errorf("prepare simplified characters: %w", err)
		}
	}
	return out, nil
}

// word is the text's one spelling.
func (n *normaliser) word(text string) (string, error) {
	if n.simplifier != nil && strings.ContainsFunc(text, han) {
		simplified, err := n.simplifier.Convert(text)
		if err != nil {
			return "", fmt.Errorf("simplify %q: %w", text, err)
		}
		text = simplified
	}
	if n.erhua != nil {
		text = n.erhua.drop(text)
	}
	return text, nil
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }

// drop takes the final 儿 from a word, if it is but an ending: something of Han
// characters stands before it, and the word ends in none of those to keep.
func (e *Erhua) drop(text string) string {
	stem, ends := strings.CutSuffix(text, "儿")
	if !ends || stem == "" || !strings.HasSuffix(text, "儿") || strings.HasSuffix(stem, "儿") {
		return text
	}
	last := []rune(stem)
	if !han(last[len(last)-1]) || slices.ContainsFunc(e.Keep, func(word string) bool { return strings.HasSuffix(text, word) }) {
		return text
	}
	return stem
}

// symbolic reports whether a word has neither a letter nor a digit.
func symbolic(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// latin reports whether all letters of a word are Latin ones, and there is one.
func latin(word string) bool {
	found := false
	for _, r := range word {
		if unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
			return false
		}
		found = found || unicode.IsLetter(r)
	}
	return found
}

// normalise fills swow_fold and swow_shape from swow_text: what SQL does to
// letters differs from engine to engine.
func (c *cleaning) normalise(ctx context.Context) error {
	if c.language.needsTexts() {
		if err := c.normaliseTexts(ctx); err != nil {
			return err
		}
	}
	return c.share(ctx, "fold", "shape")
}

func (c *cleaning) normaliseTexts(ctx context.Context) error {
	n, err := newNormaliser(c.language.Normalise)
	if err != nil {
		return err
	}
	texts, err := etl.Texts(ctx, c.engine, "select text from swow_text order by text")
	if err != nil {
		return err
	}
	var folded, words []string
	shapes := map[string]string{}
	for _, text := range texts {
		word, err := n.word(text)
		if err != nil {
			return err
		}
		if word != text {
			folded, words = append(folded, text), append(words, word)
		}
		if shape, stands := c.language.shape(word); stands {
			shapes[word] = shape
		}
	}
	if err := insertTexts(ctx, c.session, "swow_fold", folded, words); err != nil {
		return err
	}
	return c.insertShapes(ctx, shapes)
}

// shape is the row of swow_shape for a word that stands out: kind, symbol, latin.
func (l *Language) shape(word string) (row string, stands bool) {
	switch {
	case !l.needsShapes() || word == "":
		return "", false
	case symbolic(word) && l.Shapes.Symbol:
		return "6 1 0", true // the kind symbol
	case symbolic(word):
		return " 1 0", true
	case latin(word):
		return " 0 1", true
	}
	return "", false
}

func (c *cleaning) insertShapes(ctx context.Context, shapes map[string]string) error {
	var words, kinds, symbols, latins []string
	for word, row := range shapes {
		cells := strings.Split(row, " ")
		words, kinds = append(words, word), append(kinds, cells[0])
		symbols, latins = append(symbols, cells[1]), append(latins, cells[2])
	}
	if len(words) == 0 {
		return nil
	}
	return c.session.Exec(ctx, `insert into swow_shape
		select word, try_cast(nullif(kind, '') as tinyint), symbol::int, latin::int from (
			select unnest(string_split(?, chr(10))) as word, unnest(string_split(?, chr(10))) as kind,
				unnest(string_split(?, chr(10))) as symbol, unnest(string_split(?, chr(10))) as latin)`,
		strings.Join(words, "\n"), strings.Join(kinds, "\n"), strings.Join(symbols, "\n"), strings.Join(latins, "\n"))
}
