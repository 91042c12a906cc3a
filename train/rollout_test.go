package train

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"alignctl/train/reward"
)

func askedQuestions(n int) []*question {
	list := make([]*question, n)
	for i := range list {
		list[i] = &question{sample: reward.Sample{ExampleID: fmt.Sprintf("en:%02d", i)}, prompt: []int32{1, 2, int32(i)}}
	}
	return list
}

// Each epoch has every question once, in an order of its own, and the n-th
// question doesn't depend on how they are taken.
func TestQuestionOrder(t *testing.T) {
	list := askedQuestions(7)
	order := questionOrder{list: list, seed: 3}
	all := order.take(0, 21)
	for epoch := range 3 {
		seen := slices.Clone(all[7*epoch : 7*epoch+7])
		slices.SortFunc(seen, func(a, b *question) int { return strings.Compare(a.sample.ExampleID, b.sample.ExampleID) })
		if !slices.Equal(seen, list) {
			t.Errorf("epoch %d isn't all questions", epoch)
		}
	}
	if slices.Equal(all[:7], all[7:14]) {
		t.Error("two epochs have the same order")
	}
	var parts []*question
	for start := 0; start < 21; start += 4 {
		parts = append(parts, order.take(start, 4)...)
	}
	if !slices.Equal(parts[:21], all) {
		t.Error("questions taken by four come in another order")
	}
	if slices.Equal(questionOrder{list: list, seed: 4}.take(0, 7), all[:7]) {
		t.Error("another seed gives the same order")
	}
}

// A shape has room for what it is asked for, and there are few.
func TestAnswerShapes(t *testing.T) {
	s := answerShape{prompt: 20, rows: 3, most: 100}
	shapes := map[string]bool{}
	for longest := 1; longest <= 100; longest++ {
		shape := s.shape(longest)
		if shape.Width < 20+longest || shape.Labels < 3*longest || shape.Rows != 3 {
			t.Errorf("answers of %d tokens: %+v", longest, shape)
		}
		shapes[fmt.Sprint(shape)] = true
	}
	if len(shapes) != 4 {
		t.Errorf("%d shapes: %v", len(shapes), shapes)
	}
	r := &rollout{question: askedQuestions(1)[0], tokens: []int32{7, 8}}
	b, err := s.lay([]*rollout{r, r})
	if err != nil {
		t.Fatal(err)
	}
	if want := []int32{7, 8, 7, 8}; !slices.Equal(b.Targets[:4], want) || total64(b.Weights) != 4 || b.Index[0] != 2 {
		t.Errorf("targets %v, weights %v, index %v", b.Targets, b.Weights, b.Index)
	}
}

func total64(numbers []float32) (sum float64) {
	for _, x := range numbers {
		sum += float64(x)
	}
	return sum
}

func TestCollapseWatch(t *testing.T) {
	limits := DefaultLimits()
	limits.Unread, limits.KL = 3, 50
	good := rolloutStats{entropy: 1, length: 20}
	rollouts := []*rollout{{question: askedQuestions(1)[0], text: strings.Repeat("so ", 100), score: reward.Score{Failed: "no list of words"}}}
	for name, c := range map[string]struct {
		change  func(*rolloutStats)
		stop    bool   // whether limits stop, not warn
		error   string // after three steps; "": none
		warning string
	}{
		"all well":        {change: func(*rolloutStats) {}},
		"unread":          {change: func(s *rolloutStats) { s.unread = 1 }, error: "no list of words"},
		"KL explodes":     {change: func(s *rolloutStats) { s.kl = 60 }, error: "--kl-limit 50"},
		"KL is no number": {change: func(s *rolloutStats) { s.kl = math.NaN() }, error: "NaN"},
		"entropy":         {change: func(s *rolloutStats) { s.entropy = 0 }, warning: "entropy"},
		"repeats":         {change: func(s *rolloutStats) { s.repeats = 0.95 }, warning: "95 %"},
		"short":           {change: func(s *rolloutStats) { s.length = 1 }, stop: true, error: "tokens an answer"},
	} {
		t.Run(name, func(t *testing.T) {
			l := limits
			if c.stop {
				l.Collapse = CollapseStop
			}
			s := good
			c.change(&s)
			var watch collapseWatch
			var warning string
			var err error
			for range 3 {
				if warning, err = watch.judge(l, s, rollouts); err != nil {
					break
				}
			}
			if (err == nil) != (c.error == "") || err != nil && !strings.Contains(err.Error(), c.error) {
				t.Errorf("error %v, want %q", err, c.error)
			}
			if (warning == "") != (c.warning == "") || !strings.Contains(warning, c.warning) {
				t.Errorf("warning %q, want %q", warning, c.warning)
			}
			if _, err := (&collapseWatch{Unread: watch.Unread, Low: watch.Low}).judge(limits, good, rollouts); err != nil {
				t.Errorf("a good step after it: %v", err)
			}
		})
	}
}

// An answer counts as repeated when another question got it, too.
func TestRepeats(t *testing.T) {
	q := askedQuestions(2)
	rollouts := []*rollout{{question: q[0], text: "a"}, {question: q[0], text: "a"}, {question: q[1], text: "b"}, {question: q[1], text: "a"}}
	if got := repeats(rollouts); got != 0.75 {
		t.Errorf("%g repeated", got)
	}
}
