package swow

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestLargestComponent(t *testing.T) {
	for name, test := range map[string]struct {
		graph map[int32][]int32
		want  []int32
	}{
		"nothing":              {nil, nil},
		"one cycle":            {map[int32][]int32{1: {2}, 2: {3}, 3: {1}, 4: {1}}, []int32{1, 2, 3}},
		"the larger of two":    {map[int32][]int32{1: {2}, 2: {1, 3}, 3: {4}, 4: {5}, 5: {3}}, []int32{3, 4, 5}},
		"the first of equals":  {map[int32][]int32{7: {8}, 8: {7}, 1: {2}, 2: {1}}, []int32{1, 2}},
		"two cycles that meet": {map[int32][]int32{1: {2}, 2: {1, 3}, 3: {2}}, []int32{1, 2, 3}},
	} {
		var graph digraph
		for from, targets := range test.graph {
			for _, to := range targets {
				graph.add(from, to)
			}
		}
		got := graph.largestComponent()
		if slices.Sort(got); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// TestLongChain has more nodes than recursion would bear.
func TestLongChain(t *testing.T) {
	const n = 300_000
	var graph digraph
	for i := range int32(n) {
		graph.add(i, (i+1)%n)
	}
	if got := len(graph.largestComponent()); got != n {
		t.Errorf("%d nodes, want %d", got, n)
	}
}

// TestComponentLaw: two nodes are in one component exactly when each reaches
// the other.
func TestComponentLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int32Range(1, 9).Draw(t, "nodes")
		graph := make(digraph, n)
		for range rapid.IntRange(0, 20).Draw(t, "edges") {
			graph.add(rapid.Int32Range(0, n-1).Draw(t, "from"), rapid.Int32Range(0, n-1).Draw(t, "to"))
		}
		var best []int32
		for node := range n {
			var mutual []int32
			for other := range n {
				if graph.reaches(node, other) && graph.reaches(other, node) {
					mutual = append(mutual, other)
				}
			}
			if len(mutual) > len(best) {
				best = mutual
			}
		}
		got := graph.largestComponent()
		if slices.Sort(got); !slices.Equal(got, best) {
			t.Fatalf("%v: %v, want %v", graph, got, best)
		}
	})
}

// reaches says whether there is a way from one node to another.
func (g digraph) reaches(from, to int32) bool {
	seen, open := map[int32]bool{from: true}, []int32{from}
	for len(open) > 0 {
		node := open[0]
		open = open[1:]
		for _, next := range g[node] {
			if !seen[next] {
				seen[next] = true
				open = append(open, next)
			}
		}
	}
	return seen[to]
}
