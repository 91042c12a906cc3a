package swow

import (
	"context"
	"fmt"
	"slices"

	"alignctl/internal/fold"
	"alignctl/lake/duck"
)

// A recipe says how core.split divides the cue groups of a language.
type recipe struct {
	name   string
	seed   int64
	shares []share
}

// A share is the part of the groups that a split takes, in percent.
type share struct {
	split   string
	percent int
}

// cue702010 is the recipe that every language gets.
func cue702010() recipe {
	return recipe{"cue-70-20-10", 42, []share{{"train", 70}, {"dev", 20}, {"test", 10}}}
}

// A cut is the places that a split takes in the order of the groups, 1-based,
// both ends included; it is empty when last < first.
type cut struct {
	split       string
	first, last int
}

// cuts divides n groups by the largest remainder: each split takes the whole
// part of its share, and the groups left over go one each to the splits with
// the largest fractions, the earlier split first where fractions are equal.
func (r recipe) cuts(n int) []cut {
	sizes, left := make([]int, len(r.shares)), n
	order := make([]int, len(r.shares))
	for i, s := range r.shares {
		sizes[i] = n * s.percent / 100
		left -= sizes[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return n*r.shares[b].percent%100 - n*r.shares[a].percent%100
	})
	for _, i := range order[:left] {
		sizes[i]++
	}
	cuts, first := make([]cut, len(sizes)), 1
	for i, size := range sizes {
		cuts[i] = cut{r.shares[i].split, first, first + size - 1}
		first += size
	}
	return cuts
}

// groupCues makes swow_cue and swow_cut. The groups are computed in Go: case
// folding in SQL differs between engines.
func (c *cleaning) groupCues(ctx context.Context) error {
	cues, err := textColumn(ctx, c.session, "select word from swow_word where is_cue = 1 order by word")
	if err != nil {
		return err
	}
	groups, distinct := make([]string, len(cues)), make(map[string]bool, len(cues))
	languages := make([]string, len(cues))
	for i, cue := range cues {
		groups[i], languages[i] = fold.Word(cue), c.language.Code
		distinct[groups[i]] = true
	}
	r := cue702010()
	cuts := rowset{name: "swow_cut", columns: "recipe varchar, seed bigint, split varchar, first bigint, last bigint"}
	for _, cut := range r.cuts(len(distinct)) {
		cuts.rows = append(cuts.rows, []string{duck.Literal(r.name), fmt.Sprint(r.seed), duck.Literal(cut.split),
			fmt.Sprint(cut.first), fmt.Sprint(cut.last)})
	}
	set := rowset{name: "swow_cue", columns: "language varchar, cue varchar, cue_group varchar"}
	for _, create := range []rowset{cuts, set} {
		if err := create.create(ctx, c.session); err != nil {
			return err
		}
	}
	return insertTexts(ctx, c.session, "swow_cue", languages, cues, groups)
}
