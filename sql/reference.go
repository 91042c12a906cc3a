package sql

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"alignctl/internal/nearest"
	"alignctl/lake/duck"
)

// A reference is a table at a version in a text of SQL: core.strength@paper-v1.
type reference struct {
	table      string // in lower case, as the lake knows it
	version    string
	start, end int // in the text
}

// references finds the tables at versions in a text: a qualified name of one of
// the lake's tables, directly followed by an @ and a version. Anything else with
// an @ is DuckDB's operator. Faults are *[duck.QueryError].
func references(text string, tables []string) ([]reference, error) {
	var found []reference
	var last [3]token // of which the last three tokens could be "schema . table"
	for at := 0; at < len(text); {
		t := nextToken(text, at)
		at = t.end
		name, ok := qualified(text, last)
		if t.kind != mark || text[t.start] != '@' || !ok || !hasSchema(tables, name) {
			last = [3]token{last[1], last[2], t}
			continue
		}
		r := reference{table: name, start: last[0].start}
		if err := r.complete(text, t, tables); err != nil {
			return nil, err
		}
		found = append(found, r)
		at, last = r.end, [3]token{}
	}
	return found, nil
}

// qualified reads three tokens as schema.table.
func qualified(text string, last [3]token) (name string, ok bool) {
	if last[1].text(text) != "." || !isName(last[0]) || !isName(last[2]) ||
		last[0].start > 0 && text[last[0].start-1] == '.' {
		return "", false
	}
	return nameOf(text, last[0]) + "." + nameOf(text, last[2]), true
}

func isName(t token) bool { return t.kind == word || t.kind == quoted && !t.open }

// nameOf is a name in lower case, without quotes.
func nameOf(text string, t token) string {
	name := strings.ToLower(t.text(text))
	if t.kind == quoted {
		name = strings.ReplaceAll(name[1:len(name)-1], `""`, `"`)
	}
	return name
}

func hasSchema(tables []string, name string) bool {
	schema, _, _ := strings.Cut(name, ".")
	for _, table := range tables {
		if strings.HasPrefix(table, schema+".") {
			return true
		}
	}
	return false
}

// complete reads the version after the @ and checks the table.
func (r *reference) complete(text string, at token, tables []string) error {
	fault := func(offset int, format string, args ...any) error {
		return &duck.QueryError{Message: fmt.Sprintf(format, args...), Query: text, Offset: offset}
	}
	if !slices.Contains(tables, r.table) {
		return fault(r.start, "no table %q in the lake%s", r.table, nearest.Hint(r.table, tables))
	}
	length, ok := 0, false
	if r.version, length, ok = versionAt(text[at.end:]); !ok {
		return fault(at.start, "a version must follow the @ directly, such as %s@paper-v1 or %s@\"2026-11-25T06:50:51Z\"",
			r.table, r.table)
	}
	r.end = at.end + length
	if rest := text[r.end:]; len(rest) > 1 && rest[0] == ':' && rest[1] >= '0' && rest[1] <= '9' {
		return fault(at.end, `put a version with a colon in quotes: %s@"..."`, r.table)
	}
	return nil
}

// versionAt reads a version at the beginning of a text: in single or double
// quotes whatever it is; else the longest run of letters, digits, ".", "_" and
// "-" that neither begins nor ends with a "." or "-" nor holds the "--" of a
// comment.
func versionAt(text string) (version string, length int, ok bool) {
	if text != "" && (text[0] == '"' || text[0] == '\'') {
		length, open := quotedText(text)
		quote := text[:1]
		if open || length == 2 {
			return "", 0, false
		}
		return strings.ReplaceAll(text[1:length-1], quote+quote, quote), length, true
	}
	length = bareLength(text)
	if comment := strings.Index(text[:length], "--"); comment >= 0 {
		length = comment
	}
	version = strings.TrimRight(text[:length], ".-")
	return version, len(version), version != "" && !strings.ContainsAny(version[:1], ".-")
}

func bareLength(text string) int {
	for i, c := range text {
		if c == utf8.RuneError || !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("._-", c) {
			return i
		}
	}
	return len(text)
}

// A rewriting is a text of SQL in which pieces were replaced.
type rewriting struct {
	original Statement
	sql      string
	edits    []edit
}

// An edit is a piece of the original and the piece that stands for it.
type edit struct {
	start, end       int // in the original
	newStart, newEnd int // in the new text
}

// A swap is a piece of a text and what is to stand for it.
type swap struct {
	start, end int
	text       string
}

// rewrite makes swaps, which stand in order, in a statement.
func rewrite(in Statement, swaps []swap) rewriting {
	r, text := rewriting{original: in}, in.SQL
	var b strings.Builder
	at := 0
	for _, s := range swaps {
		b.WriteString(text[at:s.start])
		r.edits = append(r.edits, edit{s.start, s.end, b.Len(), b.Len() + len(s.text)})
		b.WriteString(s.text)
		at = s.end
	}
	b.WriteString(text[at:])
	r.sql = b.String()
	return r
}

// origin gives the place in the original of a place in the new text; a place
// inside a new piece is the beginning of the one that it stands for.
func (r rewriting) origin(offset int) int {
	shift := 0
	for _, e := range r.edits {
		if offset < e.newStart {
			break
		}
		if offset < e.newEnd {
			return e.start
		}
		shift = e.end - e.newEnd
	}
	return offset + shift
}
