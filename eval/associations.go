package eval

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"alignctl/internal/progress"
	"alignctl/internal/reply"
	"alignctl/lake"
)

// The metrics of associations besides those at k. Each is the mean over cues of
// the cue's value of the same name, but for CuesWithoutGold.
const (
	SpearmanMetric  = "spearman"        // see Gold.Spearman; over cues where it is defined
	RecallMetric    = "recall_weighted" // see Gold.WeightedRecall
	RecallTopMetric = "recall_top_10_weighted"
	NDCGMetric      = "ndcg_at_10"
	WordsMetric     = "words"            // distinct associates in an answer
	Unparsable      = "unparsable_share" // text, but no associate in it
	Refused         = "refused_share"    // the model declined
	Empty           = "empty_share"      // no answer
	// CuesWithoutGold counts the cues asked that have no human responses.
	// They are in no other metric.
	CuesWithoutGold = "cues_without_gold"
)

// topResponses is the k of the metrics at 10 that come with every k.
const topResponses = 10

// PrecisionMetric names Gold.Precision at k: p_at_5.
func PrecisionMetric(k int) string { return "p_at_" + strconv.Itoa(k) }

// StrictPrecisionMetric names Gold.StrictPrecision at k: p_at_5_strict.
func StrictPrecisionMetric(k int) string { return PrecisionMetric(k) + "_strict" }

// WeightedPrecisionMetric names Gold.WeightedPrecision at k: p_at_5_weighted.
func WeightedPrecisionMetric(k int) string { return PrecisionMetric(k) + "_weighted" }

var associationsSuite = suite{
	needs: []string{strengthTable},
	config: func(o ScoreOptions) map[string]any {
		return map[string]any{"population": o.Population, "parser": o.Parser, "k": o.Ks}
	},
	read:    (*scorer).readAssociations,
	score:   (*scorer).scoreAssociations,
	defects: []Defect{RawGold, PooledSpearman, NullCueLost},
}

func (s *scorer) readAssociations(ctx context.Context, run *lake.Run) error {
	if err := s.readPeople(ctx, run); err != nil {
		return err
	}
	vocabulary, err := s.readVocabulary(ctx, run.Session())
	s.rivals = s.makeRivals(vocabulary)
	return err
}

// scoreAssociations scores each answer that has gold, and who else could have
// answered.
func (s *scorer) scoreAssociations(ctx context.Context) {
	answers := s.withGold()
	groups := make([]group, 1+len(s.rivals))
	task := progress.Start(ctx, "score", int64(len(groups)), "lists")
	defer task.Done()
	var work sync.WaitGroup
	for i, r := range s.rivals {
		work.Go(func() {
			groups[1+i] = group{r.slice, []string{r.doc}, s.rate(r, answers)}
			task.Add(1)
		})
	}
	groups[0].scores = s.rateModel(answers)
	task.Add(1)
	work.Wait()
	s.means(groups...)
	if s.options.repeats(PooledSpearman) {
		s.poolSpearman(answers)
	}
	s.count(CuesWithoutGold, len(s.withoutGold))
}

// rateModel scores the model's answers and keeps their scores.
func (s *scorer) rateModel(answers []answer) (scores []CueScore) {
	for _, a := range answers {
		values := ScoreAnswer(s.parse(a), s.gold[a.key], s.options.Ks)
		s.keep(a, values)
		scores = append(scores, values...)
	}
	return scores
}

// poolSpearman puts the study's correlation in the place of the mean over cues.
func (s *scorer) poolSpearman(answers []answer) {
	golds, words := make([]Gold, len(answers)), make([][]string, len(answers))
	for i, a := range answers {
		golds[i] = s.gold[a.key]
		words[i] = golds[i].comparable(s.parse(a).Words)
	}
	rho, p, n := pooledSpearman(words, golds)
	s.scoring.Metrics = slices.DeleteFunc(s.scoring.Metrics, func(m MetricRow) bool {
		return m.Metric == SpearmanMetric && m.Slice == ""
	})
	row := MetricRow{Metric: SpearmanMetric, N: int64(n), Seed: int64(s.options.Bootstrap.Seed)}
	if n > 0 {
		row.Value, row.PValue = &rho, &p
	}
	s.add(row, fmt.Sprintf("mean over batches of %d cues, whose words are pooled; mean of their p values", pooledCues))
}

// A CueScore is a cue's value of one metric.
type CueScore struct {
	Metric string
	Value  float64
	Status reply.Status // of the cue's answer
}

// ScoreAnswer scores an answer by each metric that is defined for
// it. An empty, refused or unparsable answer scores 0, as an answer without hits
// does.
func ScoreAnswer(answer reply.List, gold Gold, ks []int) []CueScore {
	words := gold.comparable(answer.Words)
	scores := scoreWords(words, gold, ks)
	scores = append(scores, CueScore{Metric: WordsMetric, Value: float64(len(words))})
	add := func(metric string, holds bool) {
		scores = append(scores, CueScore{Metric: metric, Value: indicator(holds)})
	}
	add(Unparsable, answer.Status == reply.Unparsable)
	add(Refused, answer.Status == reply.Refused)
	add(Empty, answer.Status == reply.Empty)
	for i := range scores {
		scores[i].Status = answer.Status
	}
	return scores
}

// scoreWords scores different words, in their order.
func scoreWords(words []string, gold Gold, ks []int) (scores []CueScore) {
	add := func(metric string, value float64, ok bool) {
		if ok {
			scores = append(scores, CueScore{Metric: metric, Value: value})
		}
	}
	for _, k := range ks {
		add(PrecisionMetric(k), gold.Precision(words, k), true)
		add(StrictPrecisionMetric(k), gold.StrictPrecision(words, k), true)
		weighted, ok := gold.WeightedPrecision(words, k)
		add(WeightedPrecisionMetric(k), weighted, ok)
	}
	recall, ok := gold.WeightedRecall(words, 0)
	add(RecallMetric, recall, ok)
	recallTop, ok := gold.WeightedRecall(words, topResponses)
	add(RecallTopMetric, recallTop, ok)
	ndcg, ok := gold.NDCG(words, topResponses)
	add(NDCGMetric, ndcg, ok)
	rho, ok := gold.Spearman(words)
	add(SpearmanMetric, rho, ok)
	return scores
}

func indicator(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}
