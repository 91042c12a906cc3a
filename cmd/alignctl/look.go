package main

import (
	"cmp"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// A look is how text may be shown where it is written. The zero value is a pipe
// or a file: text as it is, whole.
type look struct {
	live   bool // a terminal that can write a line again
	colour bool
	ascii  bool // a terminal whose locale has no block characters
	width  int  // of a terminal, in columns; 0: not a terminal
}

// lookOf says how text may be shown at a writer: plain in pipes, without colour
// where $NO_COLOR is set, without control codes on a dumb terminal.
func lookOf(w io.Writer) look {
	f, ok := w.(*os.File)
	if !ok || !isTerminal(w) {
		return look{}
	}
	live := os.Getenv("TERM") != "dumb"
	locale := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG"))
	return look{
		live:   live,
		colour: live && os.Getenv("NO_COLOR") == "",
		ascii:  !isUTF8(locale),
		width:  widthOf(f),
	}
}

// isUTF8 reports whether a locale's name, such as de_DE.UTF-8, says so.
func isUTF8(locale string) bool {
	return strings.Contains(strings.ReplaceAll(strings.ToLower(locale), "-", ""), "utf8")
}

// widthOf is a terminal's width: $COLUMNS where it is set, what the terminal says,
// or 80.
func widthOf(f *os.File) int {
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 {
		return columns
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return columns
	}
	return 80
}

// Styles are the numbers of control codes.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// paint shows a text in a style, "" being none, where colours are shown.
func (l look) paint(style, text string) string {
	if !l.colour || style == "" || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// narrow counts characters of ambiguous width as one column wide, whatever
// the locale says: the same result prints the same everywhere.
var narrow = &runewidth.Condition{}

// cut shortens a text to a width in columns, and marks that it did.
func (l look) cut(text string, width int) string {
	mark := "…"
	if l.ascii {
		mark = "~"
	}
	return narrow.Truncate(text, max(width, 1), mark)
}

// isStateColumn reports whether a column of a result says how things stand.
func isStateColumn(name string) bool { return name == "state" || name == "status" }

// stateStyles are the styles of those states that aren't neutral.
var stateStyles = map[string]string{
	"ok": green, "done": green, "loaded": green, "built": green, "up to date": green, "same rows": green, "chosen": green, "same": green,
	"running": cyan, "new": cyan, "changed": cyan,
	"out of date": yellow, "low": yellow, "old": yellow, "moved": yellow, "interrupted": yellow, "broken off": yellow,
	"missing": red, "failed": red, "damaged": red, "differs": red, "gone": red,
}

func stateStyle(state string) string { return stateStyles[state] }

// paintState shows a value of a column that says how things stand in its style.
func (l look) paintState(column, value string) string {
	if !isStateColumn(column) {
		return value
	}
	return l.paint(stateStyle(value), value)
}
