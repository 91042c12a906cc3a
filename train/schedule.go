package train

import (
	"fmt"
	"math"
)

// A Schedule gives the learning rate of each optimizer step: a linear warm-up
// from 0 to Peak, then the decay that Kind names. The values are those of
// transformers' get_*_schedule_with_warmup: step 0 of a warmed-up run has rate
// 0, and a decay reaches its floor only after the last step.
type Schedule struct {
	Kind   string  // "cosine", "linear" or "constant"
	Peak   float64 // the rate at the end of the warm-up
	Floor  float64 // the rate that a decay ends at (cosine_with_min_lr)
	Warmup int     // optimizer steps
	Total  int     // optimizer steps of the whole run
}

// schedules lists the kinds that a Schedule knows.
var schedules = []string{"cosine", "linear", "constant"}

// Check reports a schedule that can't be followed.
func (s Schedule) Check() error {
	switch {
	case !known(schedules, s.Kind):
		return fmt.Errorf("choose schedule %q: unknown, have %v", s.Kind, schedules)
	case s.Peak <= 0 || math.IsInf(s.Peak, 0) || math.IsNaN(s.Peak):
		return fmt.Errorf("set learning rate %g: must be above 0", s.Peak)
	case !(s.Floor >= 0 && s.Floor <= s.Peak):
		return fmt.Errorf("set lowest learning rate %g: must be from 0 to the peak, %g", s.Floor, s.Peak)
	case s.Floor > 0 && s.Kind == "constant":
		return fmt.Errorf("set lowest learning rate %g: a constant schedule has none", s.Floor)
	case s.Warmup < 0 || s.Warmup > s.Total:
		return fmt.Errorf("set warm-up of %d steps: the run has %d", s.Warmup, s.Total)
	}
	return nil
}

// At is the learning rate of optimizer step n, counted from 0.
func (s Schedule) At(n int) float64 {
	if n < s.Warmup {
		return s.Peak * float64(n) / float64(s.Warmup)
	}
	progress := float64(n-s.Warmup) / float64(max(1, s.Total-s.Warmup))
	switch s.Kind {
	case "cosine":
		return s.decayed(0.5 * (1 + math.Cos(math.Pi*progress)))
	case "linear":
		return s.decayed(1 - progress)
	}
	return s.Peak
}

// decayed is the rate when a share of the way from Floor to Peak is left.
func (s Schedule) decayed(share float64) float64 {
	floor := s.Floor / s.Peak
	return s.Peak * (math.Max(0, share)*(1-floor) + floor)
}

func known(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}
