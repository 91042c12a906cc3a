package main

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"alignctl/internal/progress"
)

// A table on a terminal keeps to its width, whatever is in it: as columns, or as
// records, which may be wider.
func TestTablesFitTheTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 6).Draw(t, "columns")
		var b strings.Builder
		table := &tableWriter{w: &b, look: look{width: rapid.IntRange(20, 120).Draw(t, "width")}}
		for range columns {
			table.columns = append(table.columns, rapid.StringN(1, 20, -1).Draw(t, "name"))
		}
		for range rapid.IntRange(0, 4).Draw(t, "rows") {
			record := make([]any, columns)
			for i := range record {
				record[i] = rapid.OneOf(rapid.Just[any](nil), rapid.Just[any](12.5), rapid.Map(rapid.String(), toAny),
					rapid.Map(rapid.StringOfN(rapid.RuneFrom([]rune("纸船word ")), 0, 90, -1), toAny)).Draw(t, "cell")
			}
			if err := table.row(record); err != nil {
				t.Fatal(err)
			}
		}
		if err := table.close(); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(b.String(), "-- 1 --") {
			return
		}
		for line := range strings.Lines(b.String()) {
			width := narrow.StringWidth(strings.TrimSuffix(line, "\n"))
			if width > table.look.width && !strings.HasPrefix(line, "(cells are cut") {
				t.Fatalf("a line of %d columns on a terminal of %d:\n%s", width, table.look.width, b.String())
			}
		}
	})
}

func toAny(text string) any { return text }

// Curves and bars have characters that the terminal can show.
func TestCurvesFollowTheLocale(t *testing.T) {
	values := []float64{0, 1, 2, 3, 4, 5, 6, 7}
	if got := (look{}).curve(values); got != blockBars {
		t.Errorf("curve %q, want %q", got, blockBars)
	}
	if got := (look{ascii: true}).curve(values); got != asciiBars {
		t.Errorf("curve %q, want %q", got, asciiBars)
	}
	for locale, want := range map[string]bool{"de_DE.UTF-8": true, "C.utf8": true, "C": false, "": false, "zh_CN.GB18030": false} {
		if got := isUTF8(locale); got != want {
			t.Errorf("locale %q is UTF-8: %v", locale, got)
		}
	}
}

// A live line says what is left, and, of training, what the run notes.
func TestLiveLine(t *testing.T) {
	work := tally{name: "train", unit: "steps", total: 100, done: 25, start: time.Now().Add(-10 * time.Second)}
	if got, want := work.short(), "train 25/100 steps, 2.5/s, 30s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	work.note = "loss 2.100, P@5 0.250, 900 tok/s"
	if got, want := work.short(), "train 25/100 steps, 30s left, loss 2.100, P@5 0.250, 900 tok/s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	wait := tally{name: "wait for the catalog", unit: progress.Seconds, total: 60, done: 5, start: time.Now().Add(-3 * time.Second)}
	if got, want := wait.short(), "wait for the catalog 5/60 s, 55s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := wait.String(), "wait for the catalog: 5 of 60 s, 55s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := (look{width: 120, ascii: true}).progressBar(25, 100), "###......... "; got != want {
		t.Errorf("bar %q, want %q", got, want)
	}
	if got := (look{width: 80}).progressBar(25, 100); got != "" {
		t.Errorf("bar %q on a narrow terminal", got)
	}
}
