package stat

// A Sample is the scores of items.
type Sample struct {
	Values []float64 // finite
	// Clusters names what each value belongs to, such as its cue or question,
	// where values of one cluster are alike and don't count as independent.
	// nil: each value stands alone.
	Clusters []string
}

// clusters numbers the cluster of each value in order of appearance, from 0.
// It panics when the lengths differ.
func (s Sample) clusters() (of []int, n int) {
	of = make([]int, len(s.Values))
	if s.Clusters == nil {
		for i := range of {
			of[i] = i
		}
		return of, len(of)
	}
	if len(s.Clusters) != len(s.Values) {
		panic("stat: values and clusters of different lengths")
	}
	numbers := map[string]int{}
	for i, name := range s.Clusters {
		if _, known := numbers[name]; !known {
			numbers[name] = len(numbers)
		}
		of[i] = numbers[name]
	}
	return of, len(numbers)
}

// Pairs are the scores of the same items by two runs, x[i] and y[i] those of
// item i.
type Pairs struct {
	X, Y     []float64
	Clusters []string // see Sample
}

// differences is x minus y, item by item. It panics when the lengths differ.
func (p Pairs) differences() Sample {
	pairUp(p.X, p.Y)
	deltas := make([]float64, len(p.X))
	for i := range deltas {
		deltas[i] = p.X[i] - p.Y[i]
	}
	return Sample{Values: deltas, Clusters: p.Clusters}
}
