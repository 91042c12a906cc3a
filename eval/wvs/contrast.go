package wvs

import (
	"cmp"
	"slices"

	"alignctl/internal/stat"
)

// DefaultHighTension is how many items are of high tension.
const DefaultHighTension = 50

// A Contrast is how two countries differ on an item.
type Contrast struct {
	Item         Item
	EMD          *float64 // in places of the scale; nil where it has no order
	EMDNorm      *float64 // by the scale's length
	JSDistance   float64  // base 2
	JSDivergence float64  // base 2
	// Tension is half JSDistance and half EMDNorm; nil where there is no order.
	Tension *float64
	Rank    int // by tension, from 1; 0: it has none
}

// Contrasts sets the survey's first two countries against each other, the items
// with the highest tension first; ties stand as in the questionnaire.
func (s Survey) Contrasts() []Contrast { return s.contrasts(Published{}) }

func (s Survey) contrasts(published Published) []Contrast {
	var all []Contrast
	for _, it := range s.Items {
		if d, ok := it.pairUp(it.tally(0), it.tally(1), published); ok {
			all = append(all, d.contrast(it))
		}
	}
	slices.SortStableFunc(all, func(a, b Contrast) int {
		return cmp.Or(cmp.Compare(tensionOf(b), tensionOf(a)), cmp.Compare(a.Item.Number, b.Item.Number))
	})
	for i := range all {
		if all[i].Tension != nil {
			all[i].Rank = i + 1
		}
	}
	return all
}

// contrast makes the figures of two countries.
func (d pair) contrast(it Item) Contrast {
	c := Contrast{Item: it, JSDistance: stat.JSDistance(d.p, d.q, stat.Bits), JSDivergence: stat.JSDivergence(d.p, d.q, stat.Bits)}
	if emd, norm, ok := d.emd(); ok {
		c.EMD, c.EMDNorm = &emd, &norm
	}
	if tension, ok := d.tension(); ok {
		c.Tension = &tension
	}
	return c
}

// tensionOf orders items without a tension last.
func tensionOf(c Contrast) float64 {
	if c.Tension == nil {
		return -1
	}
	return *c.Tension
}
