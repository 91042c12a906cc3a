// Package batch turns tokenized examples into the rectangles of token ids that
// a device computes on: in which order, with which neighbours, how wide, and
// which positions carry a label. Everything here is a function of the examples
// and a seed, so that a run can be repeated, and resumed at any batch.
package batch

import (
	"slices"

	"alignctl/train/lm"
)

// A Set holds tokenized examples in one flat array, four bytes a token. It is
// all of a data set that stays in memory; 100 million tokens are 400 MB.
type Set struct {
	ids     []int32
	ends    []int // where each example ends in ids
	prompts []int // tokens of each prompt
	names   []string
	labels  int
}

// Add appends an example under its id. One without a label has no gradient and
// isn't taken: added is false.
func (s *Set) Add(name string, e lm.Example) (added bool) {
	if e.Labels() == 0 {
		return false
	}
	s.ids = append(s.ids, e.IDs...)
	s.ends = append(s.ends, len(s.ids))
	s.prompts = append(s.prompts, e.Prompt)
	s.names = append(s.names, name)
	s.labels += e.Labels()
	return true
}

// Len is the number of examples.
func (s *Set) Len() int { return len(s.ends) }

// Tokens is the number of tokens of all examples.
func (s *Set) Tokens() int { return len(s.ids) }

// Labels is the number of tokens that count in a loss.
func (s *Set) Labels() int { return s.labels }

// example gives the ids and the prompt's length of the i-th example.
func (s *Set) example(i int) (ids []int32, prompt int) {
	start := 0
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.ids[start:s.ends[i]], s.prompts[i]
}

func (s *Set) length(i int) int {
	ids, _ := s.example(i)
	return len(ids)
}

// step is what widths are a multiple of.
const step = 16

// widths chooses at most n widths so that examples padded to the next width
// waste the fewest tokens. Few widths mean few shapes to compile.
func (s *Set) widths(n int) []int {
	var counts []int // examples whose length fills the i-th step
	for i := range s.Len() {
		at := (s.length(i) - 1) / step
		counts = append(counts, make([]int, max(0, at+1-len(counts)))...)
		counts[at]++
	}
	return cheapest(counts, n)
}

// cheapest is the least padding by dynamic programming: cost[k][j] is the size
// of all examples of up to j steps in k widths, of which the widest is j.
func cheapest(counts []int, n int) []int {
	most := len(counts)
	total := make([]int, most+1) // examples of up to j steps
	for j, c := range counts {
		total[j+1] = total[j] + c
	}
	const unreachable = int(^uint(0) >> 2)
	cost, from := make([][]int, n+1), make([][]int, n+1)
	for k := range cost {
		cost[k], from[k] = slices.Repeat([]int{unreachable}, most+1), make([]int, most+1)
	}
	cost[0][0] = 0
	for k := 1; k <= n; k++ {
		for j := 1; j <= most; j++ {
			cost[k][j], from[k][j] = extend(cost[k-1], total, j)
		}
	}
	return trace(cost, from)
}

// extend adds the width j to the cheapest plan with one width less.
func extend(before, total []int, j int) (cost, from int) {
	cost = before[0] + j*total[j]
	for i := 1; i < j; i++ {
		if c := before[i] + j*(total[j]-total[i]); c < cost {
			cost, from = c, i
		}
	}
	return cost, from
}

// trace reads the widths of the cheapest plan back, narrowest first.
func trace(cost, from [][]int) (widths []int) {
	best, j := 0, len(cost[0])-1
	for k := range cost {
		if cost[k][j] < cost[best][j] {
			best = k
		}
	}
	for k := best; k > 0; k-- {
		widths = append(widths, j*step)
		j = from[k][j]
	}
	slices.Reverse(widths)
	return widths
}
