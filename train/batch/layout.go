package batch

import (
	"cmp"
	"slices"
)

// A shape is the sizes of a batch. Each one is a program that XLA compiles for
// seconds, hence few are used.
type shape struct{ rows, width, labels int }

// Sizes are rounded up so that like batches have the same shape: widths to a
// multiple of widthStep, the list of labels to a share of the rows' tokens.
const (
	widthStep  = 16
	labelSteps = 8
)

func roundUp(n, step int) int { return (n + step - 1) / step * step }

// What a batch costs, in units of a token's way through the layers: estimates, by
// the multiplications of SmolLM2-135M, not by the clock. A label's vocabulary
// projection has a quarter of them, a key that a token may look at, masked or
// not, one in 3000; that is doubled for the softmax, which multiplies little and
// takes its time. Both are less in larger models.
const (
	keyCost   = 1.0 / 1500
	labelCost = 0.25
)

// cost of a batch of that shape whose rows see so many shared tokens, too.
func (s shape) cost(shared int) float64 {
	return float64(s.rows*s.width)*(1+float64(shared+s.width)*keyCost) + float64(s.labels)*labelCost
}

// inParts is the shape with rows and labels added, all padding at the end, until
// so many devices can share it evenly. What else is where doesn't change by it.
func (s shape) inParts(n int) shape {
	n = max(n, 1)
	return shape{roundUp(s.rows, n), s.width, roundUp(s.labels, n)}
}

// holds says whether a batch of shape need has room in one of shape s, when need
// was packed to s's width.
func (s shape) holds(need shape) bool {
	return need.width == s.width && need.rows <= s.rows && need.labels <= s.labels
}

// pack lays parts of these lengths into rows of a width: the row of each part,
// and the number of rows. The longest goes first, each into the row where it
// leaves the least room; alone, each has a row of its own. ok is false when one
// is longer than the width.
func pack(lengths []int, width int, alone bool) (rowOf []int, rows int, ok bool) {
	order := make([]int, len(lengths))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lengths[b], lengths[a]) })
	rowOf = make([]int, len(lengths))
	var room []int // left in each row
	for _, i := range order {
		if lengths[i] > width {
			return nil, 0, false
		}
		row := tightest(room, lengths[i])
		if alone || row < 0 {
			row, room = len(room), append(room, width)
		}
		rowOf[i] = row
		room[row] -= lengths[i]
	}
	return rowOf, len(room), true
}

// tightest is the row with the least room that has length, -1 for none.
func tightest(room []int, length int) int {
	best := -1
	for row, left := range room {
		if left >= length && (best < 0 || left < room[best]) {
			best = row
		}
	}
	return best
}

// A demand is what a group of examples asks of a shape, for each width of the
// ladder: zero where it doesn't fit.
type demand []shape

// chooser finds the few shapes in which a feed's batches cost the least.
type chooser struct {
	ladder  []int // widths to try
	shared  int   // tokens
	demands []demand
}

// ladderOf is widths worth trying for parts up to longest: shares of it for
// batches of short ones, and multiples for rows of several.
func ladderOf(longest int, alone bool) []int {
	const steps = 12
	var ladder []int
	for i := 1; i <= steps; i++ {
		ladder = append(ladder, roundUp((longest*i+steps-1)/steps, widthStep))
	}
	if !alone {
		widest := ladder[steps-1]
		ladder = append(ladder, 2*widest, 4*widest)
	}
	return slices.Compact(ladder)
}

// add notes a group of parts with so many labels in all.
func (c *chooser) add(lengths []int, labels int, alone bool) {
	d := make(demand, len(c.ladder))
	for i, width := range c.ladder {
		if _, rows, ok := pack(lengths, width, alone); ok {
			d[i] = shape{rows, width, labels}
		}
	}
	c.demands = append(c.demands, d)
}

// choose takes at most n shapes: the first holds everything, each further one is
// that which saves the most over all groups, while it saves a percent.
func (c *chooser) choose(all shape, n int) []shape {
	chosen := []shape{all}
	costs := slices.Repeat([]float64{all.cost(c.shared)}, len(c.demands))
	candidates := c.candidates()
	for len(chosen) < n {
		var best shape
		saved := sum(costs) / 100
		for _, s := range candidates {
			if saving := c.saving(s, costs); saving > saved {
				best, saved = s, saving
			}
		}
		if best.rows == 0 {
			break
		}
		chosen = append(chosen, best)
		c.take(best, costs)
	}
	slices.SortFunc(chosen, func(a, b shape) int { return cmp.Compare(a.cost(c.shared), b.cost(c.shared)) })
	return chosen
}

// candidates are the shapes that some group asks for, in a fixed order.
func (c *chooser) candidates() []shape {
	var all []shape
	for _, d := range c.demands {
		for _, s := range d {
			if s.rows > 0 {
				s.labels = roundUp(s.labels, max(1, s.rows*s.width/labelSteps))
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b shape) int {
		return cmp.Or(cmp.Compare(a.width, b.width), cmp.Compare(a.rows, b.rows), cmp.Compare(a.labels, b.labels))
	})
	return slices.Compact(all)
}

// saving is how much less the groups cost with shape s, too.
func (c *chooser) saving(s shape, costs []float64) (saved float64) {
	cost, at := s.cost(c.shared), slices.Index(c.ladder, s.width)
	for i, d := range c.demands {
		if cost < costs[i] && s.holds(d[at]) {
			saved += costs[i] - cost
		}
	}
	return saved
}

// take lowers the groups' costs to those with shape s.
func (c *chooser) take(s shape, costs []float64) {
	cost, at := s.cost(c.shared), slices.Index(c.ladder, s.width)
	for i, d := range c.demands {
		if cost < costs[i] && s.holds(d[at]) {
			costs[i] = cost
		}
	}
}

func sum(numbers []float64) (total float64) {
	for _, n := range numbers {
		total += n
	}
	return total
}
