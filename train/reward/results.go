package reward

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// results gathers the rows that SQL gives for a batch, and what is wrong with
// them: rewards that are missing or no numbers must not reach a gradient.
type results struct {
	samples []Sample
	values  []value
	rows    []int // of each sample
	null    []int // samples without a reward
	strange []int // samples whose reward isn't finite
}

// valuesOf gives each sample the value that a row says, or names the samples for
// which that can't be done.
func valuesOf(samples []Sample, rows []resultRow) ([]value, error) {
	r := &results{samples: samples, values: make([]value, len(samples)), rows: make([]int, len(samples))}
	for _, row := range rows {
		if err := r.take(row); err != nil {
			return nil, err
		}
	}
	return r.values, r.fault()
}

// take takes up a row.
func (r *results) take(row resultRow) error {
	if !row.sample.Valid {
		return errors.New("a row has no sample: its column sample is NULL")
	}
	i := int(row.sample.Int64)
	if i < 0 || i >= len(r.samples) {
		return fmt.Errorf("a row is of sample %d: there are 0 to %d", i, len(r.samples)-1)
	}
	r.rows[i]++
	reward := row.reward.Float64
	switch {
	case row.failed.Valid:
		r.values[i] = failed(row.failed.String)
		return nil
	case !row.reward.Valid:
		r.null = append(r.null, i)
	case math.IsNaN(reward) || math.IsInf(reward, 0):
		r.strange = append(r.strange, i)
	}
	r.values[i] = value{value: reward}
	return nil
}

// fault names what keeps the values from being one finite number a sample.
func (r *results) fault() error {
	var none, several []int
	for i, n := range r.rows {
		switch {
		case n == 0:
			none = append(none, i)
		case n > 1:
			several = append(several, i)
		}
	}
	for _, found := range []struct {
		samples    []int
		what, cure string
	}{
		{none, "no row", "give a row for each of samples, as a left join does"},
		{several, "several rows", "group by sample"},
		{r.null, "the reward NULL", "coalesce what may be NULL, and say in a column failed what can't be read"},
		{r.strange, "a reward that isn't finite", "guard divisions and logarithms, as with nullif and coalesce"},
	} {
		if len(found.samples) > 0 {
			return fmt.Errorf("%d of %d samples have %s: %s: %s", len(found.samples), len(r.samples), found.what,
				r.names(found.samples), found.cure)
		}
	}
	return nil
}

// shownSamples is how many samples an error names.
const shownSamples = 3

// names lists samples, the first ones by name.
func (r *results) names(samples []int) string {
	names := make([]string, min(len(samples), shownSamples))
	for i := range names {
		names[i] = r.samples[samples[i]].name()
	}
	if more := len(samples) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
