package wvs

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"

	"alignctl/internal/stat"
)

// A tally is the share of each option of an item that was offered, or that
// somebody chose, by its code.
type tally map[int64]float64

// tally is a country's shares of the options that somebody there chose.
func (it Item) tally(country int) tally {
	t := tally{}
	for i, o := range it.Options {
		if share := it.Shares[country][i]; share > 0 {
			t[o.Code] = share
		}
	}
	return t
}

// A pair is two distributions over the same scale.
type pair struct {
	p, q      stat.Distribution
	ordered   bool
	published Published
}

// pairUp puts two tallies on the item's scale, place by place; an option that
// one of them lacks has the share 0 there. It is false where one has nothing on
// the scale.
func (it Item) pairUp(p, q tally, published Published) (pair, bool) {
	on := it.onScale
	if published.StringOrder || published.Intersect {
		on = published.cut(p, q)
	}
	x, errX := stat.NewDistribution(on(p))
	y, errY := stat.NewDistribution(on(q))
	return pair{x, y, it.Ordered, published}, errX == nil && errY == nil
}

// onScale is a tally by place.
func (it Item) onScale(t tally) []float64 {
	on := make([]float64, it.Places())
	for _, o := range it.Options {
		on[o.Place-1] += t[o.Code]
	}
	return on
}

// A measure is a value that a metric has for an item.
type measure struct {
	metric string
	value  float64
}

// The metrics between two distributions. What has a base says so.
const (
	EMDMetric      = "emd"             // earth mover's distance in places of the scale; ordered scales only
	NormalisedEMD  = "emd_norm"        // by the scale's length, in [0, 1]
	JSDistance2    = "js_distance_2"   // Jensen-Shannon, base 2: the square root of
	JSDivergence2  = "js_divergence_2" // the divergence
	KLPeopleModel  = "kl_people_model" // Kullback-Leibler in nats, with an epsilon: what the model's shares cost as people's
	KLModelPeople  = "kl_model_people" // the other way round
	TotalVariation = "total_variation"
	Cosine         = "cosine"     // similarity
	Accuracy       = "accuracy"   // 1: both have the same most frequent answer
	SoftScore      = "soft_score" // 1 - distance of the most frequent answers by the scale's length; accuracy where unordered
	TensionMetric  = "tension"    // of two countries: half JSDistance2 and half NormalisedEMD
)

// DefaultEpsilon is added to shares where a divergence needs it.
const DefaultEpsilon = 1e-6

// measures are all metrics of p, a model's shares, against q, people's.
func (d pair) measures(epsilon float64) []measure {
	all := []measure{
		{JSDistance2, stat.JSDistance(d.p, d.q, stat.Bits)},
		{JSDivergence2, stat.JSDivergence(d.p, d.q, stat.Bits)},
		{KLPeopleModel, stat.KL(d.q, d.p, epsilon, stat.Nats)},
		{KLModelPeople, stat.KL(d.p, d.q, epsilon, stat.Nats)},
		{TotalVariation, stat.TotalVariation(d.p, d.q)},
		{Cosine, stat.Cosine(d.p, d.q)},
		{Accuracy, indicator(mode(d.p) == mode(d.q))},
		{SoftScore, 1 - d.apart()},
	}
	if emd, norm, ok := d.emd(); ok {
		all = append(all, measure{EMDMetric, emd}, measure{NormalisedEMD, norm})
	}
	return all
}

// emd is the earth mover's distance and its share of the scale's length, for an
// ordered scale of two places or more.
func (d pair) emd() (emd, norm float64, ok bool) {
	if !d.ordered {
		return 0, 0, false
	}
	if norm, ok = stat.NormalisedEMD(d.p, d.q); !ok {
		return 0, 0, false
	}
	emd = stat.EMD(d.p, d.q)
	if d.published.EMDOfShares {
		emd = emdOfShares(d.p, d.q)
		norm = emd / float64(len(d.p)-1)
	}
	return emd, norm, true
}

// apart is how far the most frequent answers lie from each other: a share of the
// scale's length, or 0 and 1.
func (d pair) apart() float64 {
	p, q := mode(d.p), mode(d.q)
	if !d.ordered || len(d.p) < 2 {
		return indicator(p != q)
	}
	return math.Abs(float64(p-q)) / float64(len(d.p)-1)
}

// tension is how far two countries lie apart: half the Jensen-Shannon distance
// and half the earth mover's by the scale's length. It lies in [0, 1], and is
// undefined on an unordered scale.
func (d pair) tension() (float64, bool) {
	_, norm, ok := d.emd()
	return stat.JSDistance(d.p, d.q, stat.Bits)/2 + norm/2, ok
}

// distance is what says which of two countries a distribution is nearer to.
func (d pair) distance() float64 {
	if emd, _, ok := d.emd(); ok {
		return emd
	}
	return stat.JSDistance(d.p, d.q, stat.Bits)
}

// mode is the place of the largest share, the first of several.
func mode(d stat.Distribution) int {
	best := 0
	for i, share := range d {
		if share > d[best] {
			best = i
		}
	}
	return best
}

func indicator(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}

// emdOfShares is Wasserstein's distance of the shares themselves, taken as
// samples of a value: deaf to which option has which share.
func emdOfShares(p, q stat.Distribution) float64 {
	x, y := slices.Sorted(slices.Values(p)), slices.Sorted(slices.Values(q))
	var sum float64
	for i := range x {
		sum += math.Abs(x[i] - y[i])
	}
	return sum / float64(len(x))
}

// codes are a tally's, as numbers in order.
func (t tally) codes() []int64 { return slices.Sorted(maps.Keys(t)) }

// asTexts are a tally's codes sorted as texts: 1, 10, 2.
func (t tally) asTexts() []int64 {
	return slices.SortedFunc(maps.Keys(t), func(a, b int64) int {
		return cmp.Compare(strconv.FormatInt(a, 10), strconv.FormatInt(b, 10))
	})
}

// of are the shares of codes, in their order.
func (t tally) of(codes []int64) []float64 {
	shares := make([]float64, len(codes))
	for i, code := range codes {
		shares[i] = t[code]
	}
	return shares
}
