package wvs

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// scaleOf is an ordered item with codes from first to last.
func scaleOf(first, last int64) Item {
	it := Item{Question: "Q", Ordered: true}
	for code := first; code <= last; code++ {
		it.Options = append(it.Options, Option{Code: code, Place: int(code-first) + 1})
	}
	return it
}

// caseItems reads the case: items by question, what people and the model say.
func caseItems(t *testing.T) (items map[string]Item, people, model map[string]tally) {
	t.Helper()
	f, err := os.Open("testdata/distances/case41.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	items, people, model = map[string]Item{}, map[string]tally{}, map[string]tally{}
	for _, r := range records[1:] {
		var numbers [5]float64
		for i, text := range r[1:] {
			if numbers[i], err = strconv.ParseFloat(text, 64); err != nil {
				t.Fatal(err)
			}
		}
		if people[r[0]] == nil {
			items[r[0]] = scaleOf(int64(numbers[0]), int64(numbers[1]))
			people[r[0]], model[r[0]] = tally{}, tally{}
		}
		people[r[0]][int64(numbers[2])], model[r[0]][int64(numbers[2])] = numbers[3], numbers[4]
	}
	return items, people, model
}

func valuesOf(measures []measure) map[string]float64 {
	values := map[string]float64{}
	for _, m := range measures {
		values[m.metric] = m.value
	}
	return values
}

// Distances go over the scale's places, whatever codes were seen, and never turn
// into no number.
func TestDistances(t *testing.T) {
	items, people, model := caseItems(t)
	var sum float64
	for question, want := range map[string][4]float64{ // EMD, by the scale's length, JS distance, JS divergence
		"QA": {2, 0.666667, 1, 1}, "QB": {1, 0.333333, 0.391868, 0.153561}, "QC": {4.5, 0.5, 1, 1}, "QD": {},
	} {
		d, ok := items[question].pairUp(model[question], people[question], Published{})
		if !ok {
			t.Fatalf("%s has no distance", question)
		}
		got := valuesOf(d.measures(DefaultEpsilon))
		for i, metric := range []string{EMDMetric, NormalisedEMD, JSDistance2, JSDivergence2} {
			if !(math.Abs(got[metric]-want[i]) < 1e-6) {
				t.Errorf("%s: %s = %v, want %v", question, metric, got[metric], want[i])
			}
		}
		sum += got[NormalisedEMD]
	}
	if math.Abs(sum/4-0.375) > 1e-6 {
		t.Errorf("mean of %s = %v, want 0.375", NormalisedEMD, sum/4)
	}
	if _, ok := items["QA"].pairUp(tally{}, people["QA"], Published{}); ok {
		t.Error("nothing has a distance")
	}
}

// The first defect: shares as values are deaf to a permutation of the options.
func TestPublishedEMDOfShares(t *testing.T) {
	items, people, model := caseItems(t)
	for _, question := range []string{"QA", "QB"} { // each a permutation of the other
		d, _ := items[question].pairUp(model[question], people[question], Published{EMDOfShares: true})
		if emd, norm, ok := d.emd(); !ok || emd > 1e-15 || norm > 1e-15 {
			t.Errorf("%s: published EMD %v, %v", question, emd, norm)
		}
	}
	d, _ := items["QB"].pairUp(tally{1: 1}, tally{1: 0.5, 2: 0.5}, Published{EMDOfShares: true})
	if emd, _, _ := d.emd(); emd != 0.25 { // of {0, 0, 0, 1} and {0, 0, 1/2, 1/2}
		t.Errorf("published EMD %v, want 0.25", emd)
	}
}

// The second: 10 stands after 1, lists are cut to the shorter and matched by
// index.
func TestPublishedStringOrder(t *testing.T) {
	it := scaleOf(1, 10)
	people := tally{1: 0.25, 2: 0.25, 10: 0.5}
	model := tally{}
	for code := range int64(10) {
		model[code+1] = 0
	}
	model[10] = 1
	right, _ := it.pairUp(model, people, Published{})
	published, _ := it.pairUp(model, people, Published{StringOrder: true})
	// People by text: 1, 10, 2; the model: 1, 10, 2, ... cut to three.
	if len(published.p) != 3 || published.p[1] != 1 || published.q[1] != 0.5 {
		t.Errorf("published %v and %v", published.p, published.q)
	}
	if emd, _, _ := published.emd(); emd != 0.5 {
		t.Errorf("published EMD %v, want 0.5", emd)
	}
	if emd, _, _ := right.emd(); emd != 0.25*9+0.25*8 {
		t.Errorf("EMD %v, want 4.25", emd)
	}
	// A gap that only people leave moves everything behind it: their 3 meets the
	// model's 2.
	moved, _ := scaleOf(1, 3).pairUp(tally{1: 0.5, 2: 0.5, 3: 0}, tally{1: 0.5, 3: 0.5}, Published{StringOrder: true})
	if emd, _, _ := moved.emd(); emd != 0 {
		t.Errorf("published EMD %v, want 0", emd)
	}
}

// The third: what one side lacks is left out of both.
func TestPublishedIntersect(t *testing.T) {
	it := scaleOf(1, 4)
	model, people := tally{1: 0.25, 2: 0.25, 3: 0.25, 4: 0.25}, tally{1: 0.5, 4: 0.5}
	published, _ := it.pairUp(model, people, Published{Intersect: true})
	if emd, norm, ok := published.emd(); !ok || emd != 0 || norm != 0 {
		t.Errorf("published EMD %v", emd)
	}
	right, _ := it.pairUp(model, people, Published{})
	if emd, _, _ := right.emd(); emd != 0.5 {
		t.Errorf("EMD %v, want 0.5", emd)
	}
	if _, ok := it.pairUp(tally{2: 1}, people, Published{Intersect: true}); ok {
		t.Error("published: nothing in common has a distance")
	}
}

// On an unordered scale there is neither an EMD nor a tension; the soft score is
// the accuracy.
func TestUnorderedScale(t *testing.T) {
	it := scaleOf(1, 3)
	it.Ordered = false
	d, _ := it.pairUp(tally{1: 1}, tally{3: 1}, Published{})
	got := valuesOf(d.measures(DefaultEpsilon))
	if _, has := got[EMDMetric]; has || got[SoftScore] != 0 || got[Accuracy] != 0 || d.distance() != got[JSDistance2] {
		t.Errorf("%v", got)
	}
	if _, ok := d.tension(); ok {
		t.Error("an unordered scale has a tension")
	}
}

// Distances are 0 to oneself, the same both ways, and within their bounds.
func TestDistanceLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := scaleOf(0, rapid.Int64Range(1, 10).Draw(t, "last"))
		draw := func(name string) tally {
			out := tally{it.Options[0].Code: 0.001}
			for _, o := range it.Options {
				if share := rapid.IntRange(0, 5).Draw(t, name); share > 0 {
					out[o.Code] += float64(share)
				}
			}
			return out
		}
		x, y := draw("x"), draw("y")
		forth, ok1 := it.pairUp(x, y, Published{})
		back, ok2 := it.pairUp(y, x, Published{})
		self, ok3 := it.pairUp(x, x, Published{})
		if !ok1 || !ok2 || !ok3 {
			t.Fatal("a distribution has no distance")
		}
		a, b, zero := valuesOf(forth.measures(1e-6)), valuesOf(back.measures(1e-6)), valuesOf(self.measures(1e-6))
		for _, metric := range []string{EMDMetric, NormalisedEMD, JSDistance2, JSDivergence2, TotalVariation} {
			if math.Abs(a[metric]-b[metric]) > 1e-12 || zero[metric] > 1e-7 || a[metric] < 0 {
				t.Fatalf("%s: %v, back %v, to oneself %v", metric, a[metric], b[metric], zero[metric])
			}
		}
		if a[NormalisedEMD] > 1 || a[JSDistance2] > 1 || a[KLPeopleModel] != b[KLModelPeople] {
			t.Fatalf("%v\n%v", a, b)
		}
		if zero[Accuracy] != 1 || zero[SoftScore] != 1 || math.Abs(zero[Cosine]-1) > 1e-12 {
			t.Fatalf("to oneself: %v", zero)
		}
	})
}
