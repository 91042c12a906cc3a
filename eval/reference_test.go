package eval_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"alignctl/eval"
)

// A referenceCase is an answer, and what scipy and numpy make of it; nil is
// undefined.
type referenceCase struct {
	Counts map[string]int64
	Answer []string
	AtK    []struct {
		K                 int
		Precision, Strict float64
		Weighted          *float64
	} `json:"at_k"`
	Recall      *float64
	RecallTop10 *float64 `json:"recall_top_10"`
	NDCGAt10    *float64 `json:"ndcg_at_10"`
	Spearman    *float64
}

// Each metric of associations agrees with an independent one, made by
// tests/reference/associations.py.
func TestReference(t *testing.T) {
	raw, err := os.ReadFile("testdata/associations.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases struct{ Random, Edge []referenceCase }
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases.Random) < 50 || len(cases.Edge) < 20 {
		t.Errorf("%d random and %d edge inputs, want 50 and 20", len(cases.Random), len(cases.Edge))
	}
	for i, c := range append(cases.Random, cases.Edge...) {
		t.Run(fmt.Sprint(i), c.check)
	}
}

func (c referenceCase) check(t *testing.T) {
	var associates []eval.Associate
	for w, n := range c.Counts {
		associates = append(associates, eval.Associate{Response: w, N: n})
	}
	gold := eval.NewGold("cue", associates)
	same := func(metric string, got float64, ok bool, want *float64) {
		if ok != (want != nil) || ok && math.Abs(got-*want) > 1e-12 {
			t.Errorf("%s = %v, %t", metric, got, ok)
		}
	}
	for _, at := range c.AtK {
		same(eval.PrecisionMetric(at.K), gold.Precision(c.Answer, at.K), true, &at.Precision)
		same(eval.StrictPrecisionMetric(at.K), gold.StrictPrecision(c.Answer, at.K), true, &at.Strict)
		weighted, ok := gold.WeightedPrecision(c.Answer, at.K)
		same(eval.WeightedPrecisionMetric(at.K), weighted, ok, at.Weighted)
	}
	recall, ok := gold.WeightedRecall(c.Answer, 0)
	same(eval.RecallMetric, recall, ok, c.Recall)
	recallTop, ok := gold.WeightedRecall(c.Answer, 10)
	same(eval.RecallTopMetric, recallTop, ok, c.RecallTop10)
	ndcg, ok := gold.NDCG(c.Answer, 10)
	same(eval.NDCGMetric, ndcg, ok, c.NDCGAt10)
	rho, ok := gold.Spearman(c.Answer)
	same(eval.SpearmanMetric, rho, ok, c.Spearman)
}
