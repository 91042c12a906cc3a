package wvs

import (
	"slices"

	"alignctl/internal/reply"
	"alignctl/internal/stat"
)

// An answer is a model's to an item: the mean over all that it was shown.
type answer struct {
	shares   tally // nil: it gave none of the options
	status   reply.Status
	measures []measure
}

// The metrics of an answer by itself.
const (
	InvalidShare  = "invalid_share"  // of answers that chose no option
	OptionMass    = "option_mass"    // probability that the model gave to the options together
	OrderEffect   = "order_effect"   // mean total variation between one order and the mean of all
	FirstGain     = "first_gain"     // what an option gains by being shown first, over its mean
	LastGain      = "last_gain"      // by being shown last
	WordingEffect = "wording_effect" // mean total variation between one wording and the mean of all
)

// read averages over the orders of each wording, then over the wordings.
func (r reading) read(all []shown) answer {
	byVariant := map[string][]ordered{}
	valid, mass := 0.0, 0.0
	for _, a := range all {
		shares, m := r.shares(a)
		mass += m
		if shares == nil {
			continue
		}
		valid++
		byVariant[a.variant] = addOrder(byVariant[a.variant], a, shares)
	}
	n := float64(len(all))
	out := answer{status: statusOf(all, valid), measures: []measure{{InvalidShare, 1 - valid/n}}}
	if !all[0].written() {
		out.measures = append(out.measures, measure{OptionMass, mass / n})
	}
	if valid > 0 {
		out.average(byVariant)
	}
	return out
}

// statusOf says what an answer was when it is none of the options.
func statusOf(all []shown, valid float64) reply.Status {
	if valid > 0 {
		return reply.OK
	}
	for _, a := range all {
		if reply.Word(a.output) != "" {
			return reply.Unparsable
		}
	}
	return reply.Empty
}

// An ordered is the shares that a model gives in one order, over its draws.
type ordered struct {
	codes []int32
	sum   tally
	n     float64
}

// share is the mean over the draws.
func (o ordered) share(code int64) float64 { return o.sum[code] / o.n }

// addOrder adds the shares of an asking to those of its order.
func addOrder(orders []ordered, a shown, shares []float64) []ordered {
	codes := make([]int32, len(a.options))
	for i, o := range a.options {
		codes[i] = o.Code
	}
	at := slices.IndexFunc(orders, func(o ordered) bool { return slices.Equal(o.codes, codes) })
	if at < 0 {
		at, orders = len(orders), append(orders, ordered{codes: codes, sum: tally{}})
	}
	for i, code := range codes {
		orders[at].sum[int64(code)] += shares[i]
	}
	orders[at].n++
	return orders
}

// average makes the answer's shares and says how much order and wording moved
// them.
func (a *answer) average(byVariant map[string][]ordered) {
	var wordings []tally
	var order, first, last []float64
	for _, variant := range sortedKeys(byVariant) {
		orders := byVariant[variant]
		mean := meanOf(orders)
		wordings = append(wordings, mean)
		if len(orders) < 2 { // there is nothing to compare an order with
			continue
		}
		for _, o := range orders {
			head, tail := int64(o.codes[0]), int64(o.codes[len(o.codes)-1])
			order = append(order, variation(o.mean(), mean))
			first, last = append(first, o.share(head)-mean[head]), append(last, o.share(tail)-mean[tail])
		}
	}
	a.shares = meanTally(wordings)
	if len(order) > 0 {
		a.measures = append(a.measures, measure{OrderEffect, stat.Mean(order)},
			measure{FirstGain, stat.Mean(first)}, measure{LastGain, stat.Mean(last)})
	}
	if len(wordings) > 1 {
		var wording []float64
		for _, w := range wordings {
			wording = append(wording, variation(w, a.shares))
		}
		a.measures = append(a.measures, measure{WordingEffect, stat.Mean(wording)})
	}
}

// mean is the order's shares by code.
func (o ordered) mean() tally {
	t := tally{}
	for code := range o.sum {
		t[code] = o.share(code)
	}
	return t
}

func meanOf(orders []ordered) tally {
	tallies := make([]tally, len(orders))
	for i, o := range orders {
		tallies[i] = o.mean()
	}
	return meanTally(tallies)
}

// meanTally is the mean of each option's shares; one that is missing in a tally
// has none there.
func meanTally(tallies []tally) tally {
	mean := tally{}
	for _, t := range tallies {
		for code, share := range t {
			mean[code] += share / float64(len(tallies))
		}
	}
	return mean
}

// variation is the total variation between two tallies of the same options.
func variation(p, q tally) float64 {
	codes := q.codes()
	return stat.TotalVariation(p.of(codes), q.of(codes))
}
