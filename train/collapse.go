package train

import (
	"fmt"
	"math"
	"strings"
)

// Limits say when a policy has gone wrong: what a step's answers may be like.
type Limits struct {
	KL       float64 `json:"kl_limit"`       // nats an answer, mean over a step, that stop the run; 0: any
	Ratio    float64 `json:"ratio_limit"`    // mean ratio of new to old probability in an update that stops the run; 0: any
	Unread   int     `json:"unread_steps"`   // steps on end in which no answer could be read that stop the run; 0: any
	Collapse string  `json:"collapse"`       // what to do when answers collapse: CollapseStop, CollapseWarn or CollapseOff
	Entropy  float64 `json:"entropy_limit"`  // collapse: nats a token, mean over a step, below that
	Repeats  float64 `json:"repeat_limit"`   // collapse: share of answers to different questions that are equal, above that
	Length   float64 `json:"shortest_limit"` // collapse: tokens an answer, mean over a step, below that
}

// What to do when answers collapse.
const (
	CollapseStop = "stop"
	CollapseWarn = "warn"
	CollapseOff  = "off"
)

// DefaultLimits let a run go on unless it is beyond repair, and warn of the rest.
func DefaultLimits() Limits {
	return Limits{KL: 200, Ratio: 10, Unread: 5, Collapse: CollapseWarn, Entropy: 0.01, Repeats: 0.9, Length: 2}
}

func (l Limits) check() error {
	switch {
	case l.KL < 0, l.Ratio < 0, l.Unread < 0, l.Entropy < 0, l.Length < 0:
		return fmt.Errorf("check options: a limit is below 0: %+v", l)
	case !(l.Repeats > 0 && l.Repeats <= 1):
		return fmt.Errorf("check options: --repeat-limit %g: must be a share above 0, at most 1", l.Repeats)
	case l.Collapse != CollapseStop && l.Collapse != CollapseWarn && l.Collapse != CollapseOff:
		return fmt.Errorf("check options: --collapse %q: stop, warn or off", l.Collapse)
	}
	return nil
}

// collapseSteps is how many steps on end make a collapse of what may be chance.
const collapseSteps = 3

// A collapseWatch remembers what has been wrong in the last steps.
type collapseWatch struct {
	Unread int `json:"unread"` // steps on end without an answer that could be read
	Low    int `json:"low"`    // steps on end beyond a limit of collapse
}

// judge looks at a step's answers. It returns an error that ends the run, or a
// warning, "" for none.
func (w *collapseWatch) judge(l Limits, s rolloutStats, rollouts []*rollout) (warning string, err error) {
	if !finite(s.kl) || l.KL > 0 && math.Abs(s.kl) > l.KL {
		return "", fmt.Errorf("the policy has left the reference: objective/kl is %.3g nats an answer (--kl-limit %g): lower --lr or raise --kl-coef",
			s.kl, l.KL)
	}
	w.Unread++
	if s.unread < 1 {
		w.Unread = 0
	}
	if l.Unread > 0 && w.Unread >= l.Unread {
		return "", fmt.Errorf("in %d steps on end no answer could be read (--unread-steps): such as %s: look at the prompt, the reward and the model (alignctl train reward-check), or start from an adapter that answers in the form",
			w.Unread, samplesText(rollouts))
	}
	sign := l.sign(s)
	if sign == "" || l.Collapse == CollapseOff {
		w.Low = 0
		return "", nil
	}
	if w.Low++; w.Low < collapseSteps {
		return "", nil
	}
	text := fmt.Sprintf("answers have collapsed, in %d steps on end: %s", w.Low, sign)
	if l.Collapse == CollapseStop {
		return "", fmt.Errorf("%s, such as %s: raise --kl-coef or --entropy-coef, or lower --lr (--collapse warn goes on)", text, samplesText(rollouts))
	}
	return text, nil
}

// sign is what looks like a collapse, "" for nothing.
func (l Limits) sign(s rolloutStats) string {
	switch {
	case s.entropy < l.Entropy:
		return fmt.Sprintf("an entropy of %.3g nats a token (--entropy-limit %g)", s.entropy, l.Entropy)
	case s.length < l.Length:
		return fmt.Sprintf("%.3g tokens an answer (--shortest-limit %g)", s.length, l.Length)
	case s.repeats > l.Repeats:
		return fmt.Sprintf("%.0f %% of answers to different questions are equal (--repeat-limit %g)", 100*s.repeats, l.Repeats)
	}
	return ""
}

// samplesText quotes a few answers, with why they couldn't be read.
func samplesText(rollouts []*rollout) string {
	const shown, most = 3, 160
	var texts []string
	for _, r := range rollouts[:min(shown, len(rollouts))] {
		text := []rune(r.text)
		if len(text) > most {
			text = append(text[:most], '…')
		}
		quoted := fmt.Sprintf("%q to example %q", string(text), r.question.sample.ExampleID)
		if r.score.Failed != "" {
			quoted += " (" + r.score.Failed + ")"
		}
		texts = append(texts, quoted)
	}
	return strings.Join(texts, ", ")
}

// rolloutStats sum up a step's answers.
type rolloutStats struct {
	score, deviation float64 // mean and standard deviation of the rewards
	parts            []metric
	kl               float64 // k1, nats an answer
	logProb          float64 // of an answer
	entropy          float64 // nats a token
	length           float64 // tokens an answer
	shortest         int
	longest          int
	cut              float64 // share of answers that the limit of tokens ended
	unread           float64 // share of answers that couldn't be read
	repeats          float64 // share of answers that another question got, too
}

// statsOf computes them.
func statsOf(rollouts []*rollout) rolloutStats {
	n := float64(len(rollouts))
	s := rolloutStats{shortest: math.MaxInt, repeats: repeats(rollouts)}
	tokens := 0.0
	for _, r := range rollouts {
		s.score += r.score.Reward / n
		s.parts = addParts(s.parts, r, n)
		s.kl += (total(r.policy) - total(r.reference)) / n
		s.logProb += total(r.policy) / n
		s.entropy += total(r.entropy)
		tokens += float64(len(r.tokens))
		s.shortest, s.longest = min(s.shortest, len(r.tokens)), max(s.longest, len(r.tokens))
		s.cut += share(r.finish != "stop") / n
		s.unread += share(r.score.Failed != "")
	}
	s.entropy, s.length, s.unread = s.entropy/tokens, tokens/n, s.unread/n
	for _, r := range rollouts {
		s.deviation += math.Pow(r.score.Reward-s.score, 2)
	}
	s.deviation = math.Sqrt(s.deviation / max(n-1, 1))
	return s
}

// addParts adds an answer's parts of the reward to their means.
func addParts(means []metric, r *rollout, n float64) []metric {
	for i, part := range r.score.Parts {
		if i == len(means) {
			means = append(means, metric{name: "rewards/" + part.Name + "/mean"})
		}
		means[i].value += part.Value / n
	}
	return means
}

// repeats is the share of answers whose text another question got, too.
func repeats(rollouts []*rollout) float64 {
	questions := map[string]map[*question]bool{}
	for _, r := range rollouts {
		if questions[r.text] == nil {
			questions[r.text] = map[*question]bool{}
		}
		questions[r.text][r.question] = true
	}
	repeated := 0
	for _, r := range rollouts {
		if len(questions[r.text]) > 1 {
			repeated++
		}
	}
	return float64(repeated) / float64(len(rollouts))
}

func total(numbers []float64) (sum float64) {
	for _, x := range numbers {
		sum += x
	}
	return sum
}

// share is 1 for what is so, else 0.
func share(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
