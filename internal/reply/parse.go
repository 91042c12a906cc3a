// Package reply reads what a model wrote: the associates that it lists, or the
// words that it ranks, as models write them rather than as they were asked to.
// Evaluation and rewards read the same way.
package reply

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Status says what an answer was.
type Status string

// The parse statuses.
const (
	OK         Status = "ok"         // at least one associate
	Empty      Status = "empty"      // nothing but blanks
	Refused    Status = "refused"    // the model declines, and lists nothing all the same
	Unparsable Status = "unparsable" // text, but no associate in it
)

// A List is a model's list of associates.
type List struct {
	Words  []string // in the order given; of the default parser in the form of Word, and distinct
	Status Status
}

// Longer items are prose, not associates: 99.9 % of human responses in either
// language stay well below.
const (
	maxTokens  = 5  // parts between blanks
	maxIdeoms  = 10 // ideographs
	maxLetters = 40 // runes of any kind
)

// bullet opens an item once markers are unified. It is a bullet in the answer
// too, wherever it stands.
const bullet = '•'

// Parse reads the list of associates that a model gave for cue, in English or
// Chinese, as models write them rather than as they were asked to:
//
//   - items apart by commas (also ， and 、), semicolons, line breaks, bars,
//     arrows or spaced dashes, or by numbers and bullets; in Chinese also by
//     blanks;
//   - where two lines or more carry numbers or bullets, only these are items;
//   - a line's opening up to a colon ("Here are some words:") is a preamble,
//     a numbered item's text from a colon, bracket or dash on is an
//     explanation; neither is kept;
//   - reasoning before </think>, headings and code fences are not looked at;
//   - an item too long for an associate is prose and is dropped, and so is a
//     line without number that is prose by half;
//   - of an answer that begins with a refusal only numbered items count.
//
// The cue itself is dropped, and of equal words the first is kept. Parsing
// the words joined by ", " gives the same words.
func Parse(text, cue string) List {
	if strings.TrimSpace(text) == "" {
		return List{Status: Empty}
	}
	p := parser{cue: Word(cue), seen: map[string]bool{Word(cue): true}}
	lines, declined := listLines(text)
	if declined && len(lines) == 0 {
		return List{Status: Refused}
	}
	for _, l := range lines {
		p.line(l)
	}
	if len(p.words) == 0 {
		return List{Status: Unparsable}
	}
	return List{Words: p.words, Status: OK}
}

// A line of an answer without its marker.
type line struct {
	text   string
	marked bool // it carried a number or a bullet
}

// listLines gives the lines that may hold items, and says whether the answer
// begins with a refusal.
func listLines(text string) (lines []line, declined bool) {
	text = afterThinking(fold(markers.Replace(text)))
	declined = declines(strings.TrimSpace(text))
	marked := 0
	for raw := range strings.SplitSeq(breakAtMarkers(separators.Replace(text)), "\n") {
		raw = strings.TrimSpace(raw)
		if strings.HasPrefix(raw, "```") || isHeading(raw) {
			continue
		}
		rest, ok := cutBullet(raw)
		if ok {
			marked++
		}
		lines = append(lines, line{text: withoutBrackets(rest), marked: ok})
	}
	if marked >= 2 || declined {
		lines = slices.DeleteFunc(lines, func(l line) bool { return !l.marked })
	}
	return lines, declined
}

// A parser gathers the words of one answer.
type parser struct {
	cue   string
	words []string
	seen  map[string]bool // the words and the cue
}

// line adds the words of a line, or none when half of it is prose.
func (p *parser) line(l line) {
	var items []string
	prose := 0
	for _, piece := range strings.FieldsFunc(p.withoutExplanation(l), isSeparator) {
		for _, item := range splitIdeographic(afterColon(piece)) {
			item = clean(item)
			switch {
			case isProse(item):
				prose++
			case item != "" && !isDamaged(item):
				items = append(items, item)
			}
		}
	}
	if !l.marked && prose > 0 && prose >= len(items) {
		return
	}
	for _, item := range items {
		if !p.seen[item] {
			p.seen[item] = true
			p.words = append(p.words, item)
		}
	}
}

// withoutExplanation takes the preamble or the explanation off a line, and
// makes spaced dashes separators where they don't open an explanation.
func (p *parser) withoutExplanation(l line) string {
	if l.marked {
		return p.itemOf(l.text)
	}
	text := l.text
	if head, tail, hasColon := strings.Cut(text, ":"); hasColon {
		isPreamble := len(p.words) == 0 || strings.TrimSpace(tail) == "" || strings.ContainsFunc(tail, isSeparator)
		if text = head; isPreamble {
			text = tail
		}
	}
	return strings.ReplaceAll(text, spacedDash, ",")
}

// itemOf cuts the explanation off a numbered item. Some models write the cue
// before each item ("sky - blue"); then the item is what follows.
func (p *parser) itemOf(text string) string {
	for {
		head, tail, _ := strings.Cut(strings.ReplaceAll(text, spacedDash, ":"), ":")
		if tail == "" || Word(head) != p.cue {
			return head
		}
		text = tail
	}
}

// clean brings an item into the form of Word, without a leading number or
// "and". Taking one off can bare another.
func clean(item string) string {
	for {
		bare := strings.TrimPrefix(Word(item), "and ")
		if _, width := numberAt(bare, 0); width > 0 {
			bare = bare[width:]
		}
		if bare = Word(bare); len(bare) >= len(item) {
			return bare
		}
		item = bare
	}
}

// isDamaged says whether an item lost bytes, as where a limit on tokens cut the
// answer inside of a character.
func isDamaged(item string) bool { return strings.ContainsRune(item, utf8.RuneError) }

// isProse says whether an item is too long for an associate.
func isProse(item string) bool {
	ideographs := 0
	for _, r := range item {
		if isIdeographic(r) {
			ideographs++
		}
	}
	return ideographs > maxIdeoms || strings.Count(item, " ") >= maxTokens ||
		utf8.RuneCountInString(item) > maxLetters
}

// spacedDash sets a list's items or an item's explanation apart.
const spacedDash = " - "

// separators unifies what separates items over more than one character.
var separators = strings.NewReplacer(
	"—", spacedDash, "–", "-", "→", ";", "->", ";", "=>", ";", " / ", ";")

// markers unifies item markers that folding would make plain digits: circled
// numbers and key caps.
var markers = func() *strings.Replacer {
	pairs := []string{"\u20e3", ".", "\ufe0f\u20e3", ".", "\t", ";"}
	for _, block := range [][2]rune{{'①', '⒛'}, {'⓪', '⓿'}, {'❶', '➓'}} {
		for r := block[0]; r <= block[1]; r++ {
			pairs = append(pairs, string(r), string(bullet))
		}
	}
	return strings.NewReplacer(pairs...)
}()

func isSeparator(r rune) bool { return strings.ContainsRune(",;、。|", r) }

// afterThinking drops a reasoning model's thoughts; all, when they never end.
func afterThinking(text string) string {
	const open, end = "<think>", "</think>"
	if i := strings.LastIndex(text, end); i >= 0 {
		return text[i+len(end):]
	}
	if strings.HasPrefix(strings.TrimSpace(text), open) {
		return ""
	}
	return text
}

// breakAtMarkers starts a line with a bullet at each number or bullet that
// opens an item. Inside a line a number does so only where it goes on counting
// ("1. dog 2. cat"), since "route 66. " may end an item.
func breakAtMarkers(text string) string {
	var out strings.Builder
	last := 0
	for i := 0; i < len(text); {
		n, width := numberAt(text, i)
		if atLineStart := i == 0 || text[i-1] == '\n'; width > 0 && (atLineStart || n == 1 || n == last+1) {
			out.WriteByte('\n')
			out.WriteRune(bullet)
			last, i = n, i+width
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == bullet {
			out.WriteByte('\n')
		}
		out.WriteRune(r)
		i += size
	}
	return out.String()
}

// numberAt reads an item number such as "3.", "3)", "(3)", "3、" or "3:" that
// starts at byte i. Width is 0 when there is none: inside a word, or where a
// digit follows ("3.5", "12:30").
func numberAt(text string, i int) (n, width int) {
	if i > 0 {
		if before, _ := utf8.DecodeLastRuneInString(text[:i]); !unicode.IsSpace(before) && !isSeparator(before) && before != ':' {
			return 0, 0
		}
	}
	rest := strings.TrimPrefix(text[i:], "(")
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		n = n*10 + int(rest[digits]-'0')
		if digits++; digits > 3 {
			return 0, 0
		}
	}
	closer, size := utf8.DecodeRuneInString(rest[digits:])
	if digits == 0 || !strings.ContainsRune(".)、:", closer) {
		return 0, 0
	}
	after, _ := utf8.DecodeRuneInString(rest[digits+size:])
	if unicode.IsDigit(after) && closer != ')' {
		return 0, 0
	}
	return n, len(text[i:]) - len(rest) + digits + size
}

// cutBullet takes a bullet off the start of a line.
func cutBullet(raw string) (rest string, ok bool) {
	r, size := utf8.DecodeRuneInString(raw)
	if r == bullet || strings.ContainsRune("·●▪■◆○◦‣", r) && size > 0 && r != utf8.RuneError {
		return raw[size:], true
	}
	if len(raw) > 1 && strings.ContainsRune("-*+", r) && raw[1] == ' ' {
		return raw[2:], true
	}
	return raw, false
}

// isHeading says whether a line is a Markdown heading.
func isHeading(raw string) bool {
	return strings.HasPrefix(strings.TrimLeft(raw, "#"), " ") && strings.HasPrefix(raw, "#")
}

// withoutBrackets cuts what stands in brackets out of a line, up to its end
// where they don't close. A line that is all in brackets loses only these.
func withoutBrackets(text string) string {
	var out strings.Builder
	depth := 0
	for _, r := range text {
		switch {
		case r == '(':
			depth++
			out.WriteByte(';')
		case r == ')':
			depth = max(depth-1, 0)
			out.WriteByte(';')
		case depth == 0:
			out.WriteRune(r)
		}
	}
	if Word(out.String()) == "" {
		return strings.NewReplacer("(", ";", ")", ";").Replace(text)
	}
	return out.String()
}

// afterColon drops a label inside of a list ("verbs: run").
func afterColon(piece string) string { return piece[strings.LastIndexByte(piece, ':')+1:] }

// splitIdeographic splits at the blanks that touch an ideograph: Chinese puts
// none inside of a word.
func splitIdeographic(piece string) []string {
	fields := strings.Fields(piece)
	if len(fields) == 0 {
		return nil
	}
	items := fields[:1]
	for _, field := range fields[1:] {
		last := &items[len(items)-1]
		end, _ := utf8.DecodeLastRuneInString(*last)
		start, _ := utf8.DecodeRuneInString(field)
		if isIdeographic(end) || isIdeographic(start) {
			items = append(items, field)
			continue
		}
		*last += " " + field
	}
	return items
}
