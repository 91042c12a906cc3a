package main

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"alignctl/train/lm"
)

// A histogram has few bars, counts every value once, and fits the page.
func TestHistogram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(1, 200_000), 1, 300).Draw(t, "values")
		if rapid.Bool().Draw(t, "narrow") {
			for i, v := range values {
				values[i] = 1000 + v%30
			}
		}
		slices.Sort(values)
		drawn := strings.Split(strings.TrimSuffix(histogram(values), "\n"), "\n")
		total, longest := 0, 0
		for _, line := range drawn {
			count, err := strconv.Atoi(strings.Fields(line)[1])
			if err != nil || len(line) > pageWidth || (count > 0) != strings.Contains(line, "#") {
				t.Fatalf("line %q: %v", line, err)
			}
			total, longest = total+count, max(longest, len(line))
		}
		if len(drawn) > maxBars || total != len(values) || longest != pageWidth {
			t.Fatalf("%d bars, %d values of %d, %d wide:\n%s", len(drawn), total, len(values), longest, strings.Join(drawn, "\n"))
		}
	})
}

func TestLengthsText(t *testing.T) {
	var l lengths
	for n := range 1999 {
		l.add(rendering{"completion", lm.Example{IDs: make([]int32, n+1), Prompt: min(n+1, 1990)}})
	}
	l.add(rendering{"completion", lm.Example{IDs: make([]int32, 1990), Prompt: 1990, Cut: 10}})
	const want = "length in tokens of 2,000 texts (all examples):\nmin 1, median 1000, p95 1900, max 2000\n\n"
	if got := l.text("all examples", 1990); !strings.HasPrefix(got, want) ||
		!strings.HasSuffix(got, "\nbeyond --max-tokens 1990: 1 (0.1 %) cut; nothing left to learn: 1,991 (99.5 %)\n") {
		t.Errorf("got %s", got)
	}
	if got := (&lengths{}).text("all examples", 0); got != "no texts (all examples)\n" {
		t.Errorf("without a text: %q", got)
	}
}

func TestMarks(t *testing.T) {
	for _, c := range []struct {
		marks               marks
		read, learned, want string
	}{
		{plainMarks, "海", "sea", "海⟦sea⟧"},
		{plainMarks, "海", "", "海"},
		{colourMarks, "海", "sea", "\x1b[2m海\x1b[0m\x1b[1;32msea\x1b[0m"},
		{colourMarks, "海", "", "\x1b[2m海\x1b[0m"},
	} {
		if got := c.marks.paint(c.read, c.learned); got != c.want {
			t.Errorf("%q and %q give %q, want %q", c.read, c.learned, got, c.want)
		}
	}
	if got := newTerminal(nil, &bytes.Buffer{}, nil).marks(); got != plainMarks {
		t.Errorf("marks in a pipe: %+v", got)
	}
}
