// Package rl is the arithmetic of reinforcement learning on a language model's
// answers: from rewards to advantages, on the host, and from advantages to
// losses, as graphs. It knows nothing of models, prompts or tables.
//
// An answer is a run of tokens t = 0, 1, ..., n-1. Under the policy that drew
// them, the reference model and the policy as it is now they have the
// log-probabilities old, ref and new.
//
// PPO (Schulman et al. 2017; Ziegler et al. 2019 for language models):
//
//	r[t] = -beta KL[t], and the answer's score besides at t = n-1
//	d[t] = r[t] + gamma V[t+1] - V[t], where V[n] = 0
//	A[t] = d[t] + gamma lambda A[t+1]            (Schulman et al. 2016)
//	R[t] = A[t] + V[t]
//	L    = mean over tokens of max(-A q, -A clip(q, 1-low, 1+high)), q = exp(new - old)
//	       + c/2 mean over tokens of max((V' - R)^2, (clip(V', V-e, V+e) - R)^2)
//
// GRPO (Shao et al. 2024) has no V: all tokens of an answer have its score minus
// the mean of the scores of its group, the answers to the same prompt, and the
// estimate of the KL divergence stands in the loss.
//
// The numbers are those of TRL 0.24's PPOTrainer and 1.16's GRPOTrainer.
package rl
