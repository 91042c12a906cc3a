package duck

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
)

// markColumns is how much of a long line is shown on each side of its mark.
const markColumns = 60

// mark shows the line of a text at an offset, its number, and below it a ^ at
// the place; characters of two columns count as two.
func mark(text string, offset, firstLine int) string {
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	number := max(firstLine, 1) + strings.Count(text[:start], "\n")
	line, _, _ := strings.Cut(text[start:], "\n")
	at := min(offset-start, len(line))
	wide := &runewidth.Condition{}
	before, after := oneColumn.Replace(line[:at]), oneColumn.Replace(line[at:])
	if over := wide.StringWidth(before) - markColumns; over > 0 {
		before = wide.TruncateLeft(before, over, "...")
	}
	head := fmt.Sprintf("LINE %d: %s", number, before)
	return head + wide.Truncate(after, markColumns, "...") + "\n" +
		strings.Repeat(" ", wide.StringWidth(head)) + "^"
}

// oneColumn gives a tab the width of a blank, and drops a line end's first half.
var oneColumn = strings.NewReplacer("\t", " ", "\r", "")
