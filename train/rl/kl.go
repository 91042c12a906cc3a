package rl

import (
	"fmt"
	"math"
)

// Estimates of the KL divergence of the policy from the reference, by tokens
// that the policy drew (Schulman 2020). With log r = ref - old:
const (
	K1 = "k1" // -log r: unbiased, may be negative
	K3 = "k3" // r - 1 - log r: unbiased, never negative, varies less
)

// Estimators lists them.
var Estimators = []string{K1, K3}

// KL estimates the divergence at each token of an answer, in nats, from its
// log-probabilities under the policy and the reference.
func KL(estimator string, policy, reference []float64) ([]float64, error) {
	kl := make([]float64, len(policy))
	for t := range policy {
		logr := reference[t] - policy[t]
		switch estimator {
		case K1:
			kl[t] = -logr
		case K3:
			kl[t] = math.Expm1(logr) - logr
		default:
			return nil, fmt.Errorf("estimate KL: unknown estimator %q, have %v", estimator, Estimators)
		}
	}
	return kl, nil
}

// An AdaptiveKL moves the coefficient of the KL penalty so that the divergence
// comes to a target (Ziegler et al. 2019, section 2.2).
type AdaptiveKL struct {
	Target  float64 // nats an answer
	Horizon float64 // answers in which an error of the target's size moves it by a factor e
}

// maxError is how far off the target an observation counts at most.
const maxError = 0.2

// Next is the coefficient after so many answers with a mean divergence of kl
// nats.
func (a AdaptiveKL) Next(coefficient, kl float64, answers int) float64 {
	off := min(max(kl/a.Target-1, -maxError), maxError)
	return coefficient * (1 + off*float64(answers)/a.Horizon)
}
