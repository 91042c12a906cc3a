package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"alignctl/internal/progress"
	"alignctl/sql"
	"alignctl/train/lm"
)

// lengthSample is how many examples are measured without --all: tokenizing
// a large data set takes a minute.
const lengthSample = 1000

// lengths measures the examples and prints how long they are and what
// --max-tokens does to them.
func (p *modelPreview) lengths(ctx context.Context) error {
	s := sql.Selection{Split: p.o.split}
	total, err := p.data.Count(ctx, s)
	if err != nil {
		return err
	}
	of := "all examples"
	if !p.o.all && total > lengthSample {
		s.Count, s.Draw = lengthSample, true
		of = fmt.Sprintf("a sample of %s of %s examples", grouped(lengthSample), grouped(total))
	}
	var found lengths
	err = eachRendering(ctx, p.data, p.encoder, s, func(_ sql.Example, r rendering) { found.add(r) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(p.out, found.text(of, p.o.maxTokens))
	return err
}

// eachRendering visits every text of a selection, and shows how far it is.
func eachRendering(ctx context.Context, data *sql.DataSet, encoder *lm.Encoder, s sql.Selection,
	visit func(sql.Example, rendering)) error {
	total, err := data.Count(ctx, s)
	if err != nil {
		return err
	}
	task := progress.Start(ctx, "tokenize "+data.View.Name, total, "examples")
	defer task.Done()
	return data.Each(ctx, s, func(e sql.Example) error {
		all, err := renderings(encoder, e)
		if err != nil {
			return err
		}
		for _, r := range all {
			visit(e, r)
		}
		task.Add(1)
		return ctx.Err()
	})
}

// lengths are the tokens that texts have before they are cut.
type lengths struct {
	tokens     []int
	cut, empty int // texts that the limit cuts, and of those the ones left without an answer
}

func (l *lengths) add(r rendering) {
	l.tokens = append(l.tokens, len(r.IDs)+r.Cut)
	if r.Cut > 0 {
		l.cut++
	}
	if r.empty() {
		l.empty++
	}
}

// text lays the lengths out: figures, a histogram, and what the limit does.
func (l *lengths) text(of string, limit int) string {
	slices.Sort(l.tokens)
	n := len(l.tokens)
	if n == 0 {
		return "no texts (" + of + ")\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "length in tokens of %s texts (%s):\nmin %d, median %d, p95 %d, max %d\n\n", grouped(int64(n)), of,
		l.tokens[0], l.quantile(50), l.quantile(95), l.tokens[n-1])
	b.WriteString(histogram(l.tokens))
	if limit > 0 {
		fmt.Fprintf(&b, "\nbeyond --max-tokens %d: %s cut; nothing left to learn: %s\n", limit, share(l.cut, n), share(l.empty, n))
	}
	return b.String()
}

// quantile is the smallest length that at least percent of the texts don't
// exceed.
func (l *lengths) quantile(percent int) int {
	return l.tokens[max(0, (len(l.tokens)*percent+99)/100-1)]
}

// share is a count and its part of n.
func share(count, n int) string {
	return fmt.Sprintf("%s (%.1f %%)", grouped(int64(count)), 100*float64(count)/float64(n))
}

// maxBars is how many bars a histogram has at most.
const maxBars = 12

// histogram draws a bar of # for each range of sorted values, within the width
// of a page. A bar that isn't empty has one # at least; a bar of # is as wide in
// every terminal, which one of blocks is not.
func histogram(sorted []int) string {
	width := barWidth(sorted[len(sorted)-1] - sorted[0] + 1)
	first := sorted[0] / width
	counts := make([]int, sorted[len(sorted)-1]/width-first+1)
	for _, value := range sorted {
		counts[value/width-first]++
	}
	highest := slices.Max(counts)
	label, number := len(rangeText((first+len(counts)-1)*width, width)), len(grouped(int64(highest)))
	room := pageWidth - label - number - len("   ")
	var b strings.Builder
	for i, count := range counts {
		bar := strings.Repeat("#", (count*room+highest-1)/highest)
		line := fmt.Sprintf("%*s  %*s %s", label, rangeText((first+i)*width, width), number, grouped(int64(count)), bar)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// rangeText names the values of a bar.
func rangeText(from, width int) string {
	if width == 1 {
		return strconv.Itoa(from)
	}
	return fmt.Sprintf("%d-%d", from, from+width-1)
}

// barWidth is the smallest of 1, 2, 5, 10, 20, 50 and so on by which maxBars
// bars, set at its multiples, cover a span wherever it lies.
func barWidth(span int) int {
	for unit := 1; ; unit *= 10 {
		for _, width := range []int{unit, 2 * unit, 5 * unit} {
			if span <= (maxBars-1)*width {
				return width
			}
		}
	}
}

// grouped writes a count with a comma between thousands.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
