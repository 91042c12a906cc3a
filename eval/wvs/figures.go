package wvs

import (
	"fmt"

	"alignctl/eval"
	"alignctl/internal/stat"
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

// A figure is a metric over all items, or over a slice of them.
type figure struct{ slice, metric string }

// figures gather the items' values, in the order in which figures first come.
type figures struct {
	names  []figure
	values map[figure][]float64
}

func (f *figures) add(name figure, value float64) {
	if _, known := f.values[name]; !known {
		f.names = append(f.names, name)
	}
	f.values[name] = append(f.values[name], value)
}

// summarise gives the mean of each metric over all items, and over those of each
// slice.
func (s *scorer) summarise() {
	all := figures{values: map[figure][]float64{}}
	for _, r := range s.results {
		for _, slice := range s.slices(r) {
			for _, m := range r.measures {
				all.add(figure{slice, m.metric}, m.value)
			}
		}
	}
	samples := make([]stat.Sample, len(all.names))
	for i, name := range all.names {
		samples[i] = stat.Sample{Values: all.values[name]}
	}
	for i, e := range s.options.Bootstrap.Means(samples...) {
		row := eval.EstimateRow(all.names[i].metric, e, s.options.Bootstrap)
		row.Slice, row.Method = all.names[i].slice, s.method()
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
