package sql

import "strings"

// Statements cuts a text at the semicolons that end statements, leaves empty
// statements out, and gives each its line in the text. A line that begins with
// a dot where a statement could begin is a command of the shell: a statement of
// its own, without a semicolon. The rest is the unfinished statement after the
// last end, or "".
func Statements(text string) (statements []Statement, rest Statement) {
	c := cutter{text: text}
	for at := 0; at < len(text); {
		t := nextToken(text, at)
		switch {
		case c.isCommand(t):
			at = t.start + lineLength(text[t.start:])
			c.add(t.start, at)
			c.begin = at
			continue
		case t.kind == mark && text[t.start] == ';':
			c.end(t)
		case t.kind != blank && t.kind != comment || t.open:
			c.something = true
		}
		at = t.end
	}
	if c.something {
		rest = c.statement(c.begin, len(text))
	}
	return c.statements, rest
}

// A cutter gathers the statements of a text.
type cutter struct {
	text       string
	begin      int  // of the statement at hand
	something  bool // it has more than blanks and comments
	statements []Statement
}

func (c *cutter) isCommand(t token) bool {
	if c.something || t.kind != mark || c.text[t.start] != '.' {
		return false
	}
	line := c.text[strings.LastIndexByte(c.text[:t.start], '\n')+1 : t.start]
	return strings.TrimSpace(line) == ""
}

func (c *cutter) end(semicolon token) {
	if c.something {
		c.add(c.begin, semicolon.start)
	}
	c.begin, c.something = semicolon.end, false
}

func (c *cutter) add(from, to int) { c.statements = append(c.statements, c.statement(from, to)) }

// statement trims a piece of the text; its line is that of its first character.
func (c *cutter) statement(from, to int) Statement {
	piece := strings.TrimLeft(c.text[from:to], " \t\r\n\v\f")
	from = to - len(piece)
	return Statement{SQL: strings.TrimRight(piece, " \t\r\n\v\f"), Line: 1 + strings.Count(c.text[:from], "\n")}
}

// One is the statement of a text that holds exactly one; the semicolon at its
// end may be absent.
func One(text string) (Statement, error) {
	statements, rest := Statements(text)
	if rest.SQL != "" {
		statements = append(statements, rest)
	}
	if len(statements) != 1 {
		return Statement{}, errManyStatements
	}
	return statements[0], nil
}
