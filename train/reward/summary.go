package reward

import (
	"cmp"
	"slices"
)

// A Summary is what many scores come to.
type Summary struct {
	Figures  []Figure  // of the reward, and of each of its parts
	Failures []Failure // the reasons for which answers couldn't be read, the most frequent first
	Failed   int       // answers that some part couldn't read
}

// A Figure is the mean and the range of the reward or of a part.
type Figure struct {
	Name              string
	Mean, Least, Most float64
	Failed            int // answers that it couldn't read, which are in the mean
}

// A Failure is a reason for which answers couldn't be read.
type Failure struct {
	Why     string
	Answers int
}

// Summarise sums scores up, of which there is one at least.
func Summarise(scores []Score) Summary {
	total := Figure{Name: "reward"}
	figures := make([]Figure, len(scores[0].Parts))
	reasons := map[string]int{}
	for i, s := range scores {
		total.add(i, s.Reward, s.Failed)
		for j, p := range s.Parts {
			figures[j].Name = p.Name
			figures[j].add(i, p.Value, p.Failed)
		}
		if s.Failed != "" {
			reasons[s.Failed]++
		}
	}
	summary := Summary{Figures: append([]Figure{total}, figures...), Failed: total.Failed}
	for why, n := range reasons {
		summary.Failures = append(summary.Failures, Failure{why, n})
	}
	slices.SortFunc(summary.Failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Answers, a.Answers), cmp.Compare(a.Why, b.Why))
	})
	return summary
}

// add takes up value number i, the mean being that of the ones before.
func (f *Figure) add(i int, value float64, failed string) {
	if i == 0 {
		f.Least, f.Most = value, value
	}
	f.Least, f.Most = min(f.Least, value), max(f.Most, value)
	f.Mean += (value - f.Mean) / float64(i+1)
	if failed != "" {
		f.Failed++
	}
}
