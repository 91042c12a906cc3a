package wvs

import (
	"fmt"

	"alignctl/eval"
)

// rows makes the scoring's scores.
func (s *scorer) rows() {
	for _, r := range s.results {
		for _, m := range r.measures {
			s.scoring.Scores = append(s.scoring.Scores, eval.ScoreRow{ItemID: r.item.Question, Language: s.language,
				Metric: m.metric, Value: m.value, Status: string(r.status)})
		}
	}
}

// summarise gives the mean of each metric over all items, and over those of each
// slice.
func (s *scorer) summarise() {
	var t eval.Tally
	for _, r := range s.results {
		for _, slice := range s.slices(r) {
			for _, m := range r.measures {
				t.Add(slice, m.metric, m.value)
			}
		}
	}
	for _, row := range t.Means(s.options.Bootstrap) {
		row.Method = s.method()
		s.scoring.Metrics = append(s.scoring.Metrics, row)
	}
}

// slices are the groups of items that an item belongs to.
func (s *scorer) slices(r result) []string {
	names := []string{"", fmt.Sprintf("options=%d", r.item.Places()), "topic=" + r.item.Topic}
	if r.tense {
		names = append(names, HighTensionMetric)
	}
	return names
}

func (s *scorer) method() string {
	people := "unweighted"
	if s.survey.Weighted {
		people = "weighted"
	}
	return fmt.Sprintf("people of %s, %s; mean over items; %s", list(s.survey.Countries), people, s.options.Bootstrap)
}

// count adds a number of items to the metrics.
func (s *scorer) count(metric string, n int) {
	value := float64(n)
	s.scoring.Metrics = append(s.scoring.Metrics, eval.MetricRow{Metric: metric, Value: &value, N: int64(len(s.shown)),
		Method: "count among the items asked", Seed: int64(s.options.Bootstrap.Seed)})
}
