package train

import (
	"fmt"
	"math"
	"strings"
)

// Best is the step with the lowest dev loss so far. Step 0: none was measured.
type Best struct {
	Step int     `json:"step"`
	Loss float64 `json:"loss"` // per labelled token or pair
}

// A lossWatch tells a loss that explodes from one that jumps about: it is above
// a multiple of its running mean, and of one nat, for several steps on end.
type lossWatch struct {
	Mean float64 `json:"mean"` // of the last steps, later ones weighing more
	Seen int     `json:"seen"` // steps in the mean
	High int     `json:"high"` // steps on end above the limit
}

const (
	watchSpan = 50 // steps that the running mean looks back on
	watchFrom = 10 // steps before it means anything
	watchHigh = 5  // steps on end above the limit: an explosion
)

// exploded takes a step's loss into account. A limit of 0 allows everything.
func (w *lossWatch) exploded(loss, limit float64) bool {
	if limit > 0 && w.Seen >= watchFrom && loss > limit*max(w.Mean, 1) {
		w.High++
		return w.High >= watchHigh
	}
	w.High, w.Seen = 0, w.Seen+1
	w.Mean += (loss - w.Mean) / float64(min(w.Seen, watchSpan))
	return false
}

// faulty says what is wrong with a number that training can't go on from, and
// on which examples it arose.
func faulty(what string, value float64, examples []string) error {
	return fmt.Errorf("%s is %g on examples %s: lower --lr or look at them", what, value, strings.Join(examples, ", "))
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
