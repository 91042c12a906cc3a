package stat

import (
	"cmp"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// DefaultPower is the usual chance of finding an effect that is there.
const DefaultPower = 0.8

// McNemar is the exact two-sided p value of the hypothesis that a pair is as
// likely to turn one way as the other, given how many turned from no to yes
// and how many from yes to no. It is 1 where none turned.
//
// Source: McNemar, Note on the Sampling Error of the Difference Between
// Correlated Proportions (1947), with the binomial distribution itself.
func McNemar(gained, lost int) float64 {
	turns := distuv.Binomial{N: float64(gained + lost), P: 0.5}
	return min(1, 2*turns.CDF(float64(min(gained, lost))))
}

// Holm corrects a family of p values for their number, so that the chance of
// one false finding or more stays below the level at which they are read. nil
// stands for a test that wasn't made: it stays nil and doesn't count.
//
// Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979).
func Holm(p []*float64) []*float64 {
	var made []int
	for i := range p {
		if p[i] != nil {
			made = append(made, i)
		}
	}
	slices.SortStableFunc(made, func(i, j int) int { return cmp.Compare(*p[i], *p[j]) })
	corrected := make([]*float64, len(p))
	var largest float64
	for place, i := range made {
		largest = max(largest, min(1, float64(len(made)-place)**p[i]))
		corrected[i] = ptr(largest)
	}
	return corrected
}

// MinimumDetectable is the smallest mean of n paired differences, n at least
// 2, that a two-sided t test at level alpha finds with the given power, from
// the standard error of that mean.
//
// Source: Bloom, Minimum Detectable Effects (1995).
func MinimumDetectable(stdErr float64, n int, alpha, power float64) float64 {
	t := distuv.StudentsT{Sigma: 1, Nu: float64(n - 1)}
	return stdErr * (t.Quantile(1-alpha/2) + t.Quantile(power))
}
