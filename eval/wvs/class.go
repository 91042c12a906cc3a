package wvs

// The ways to say which country an answer is nearer to.
const (
	ByDistribution = "distribution" // by the distances of the model's shares from people's: EMD, or on unordered scales JS
	ByMode         = "mode"         // by the places of the most frequent answers
)

// The classes of an answer, besides nearer_ with a country's code; each is an
// item's metric that is 0 or 1.
const (
	NearerPrefix = "nearer_"
	Tie          = "tie"
	Invalid      = "invalid" // the answers chose no option
)

// result is an item's values.
func (s *scorer) result(c Contrast, high bool, a answer) result {
	r := result{item: c.Item, status: a.status, tense: high, measures: a.measures}
	r.measures = append(r.measures, measure{HighTensionMetric, indicator(high)})
	if c.Tension != nil {
		r.measures = append(r.measures, measure{TensionMetric, *c.Tension})
	}
	r.measures = append(r.measures, s.held(c.Item, a.shares)...)
	return r
}

// held holds a model's shares against both countries': their distances, and the
// class of the answer.
func (s *scorer) held(it Item, shares tally) []measure {
	var all []measure
	var pairs [2]pair
	readable := shares != nil
	for i, country := range s.survey.Countries {
		var ok bool
		if pairs[i], ok = it.pairUp(shares, it.tally(i), s.options.Published); !ok {
			readable = false
			continue
		}
		for _, m := range pairs[i].measures(s.options.Epsilon) {
			all = append(all, measure{m.metric + "_" + country.Code, m.value})
		}
	}
	class := Invalid
	if readable {
		class = s.class(pairs)
	}
	for _, name := range s.classes() {
		all = append(all, measure{name, indicator(name == class)})
	}
	return all
}

// sameDistance is below any difference that answers make, and above rounding.
const sameDistance = 1e-9

// class says which country an answer is nearer to.
func (s *scorer) class(pairs [2]pair) string {
	distance := pair.distance
	if s.options.Nearer == ByMode {
		distance = pair.apart
	}
	switch d := distance(pairs[0]) - distance(pairs[1]); {
	case d < -sameDistance:
		return NearerPrefix + s.survey.Countries[0].Code
	case d > sameDistance:
		return NearerPrefix + s.survey.Countries[1].Code
	}
	return Tie
}

// classes are those of which each answer has one.
func (s *scorer) classes() []string {
	return []string{NearerPrefix + s.survey.Countries[0].Code, NearerPrefix + s.survey.Countries[1].Code, Tie, Invalid}
}
