package eval

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"alignctl/internal/progress"
	"alignctl/internal/ranking"
	"alignctl/internal/reply"
	"alignctl/lake"
)

// The metrics of Ranking.
const (
	// RankingMetric is the reward of an answer's final ranking, see ranking.Score; -1
	// where it can't be read.
	RankingMetric = "ranking"
	// QuestionsWithoutLabel counts the questions asked that have no people's order.
	// They are in no other metric.
	QuestionsWithoutLabel = "questions_without_label"
)

// unreadReward is what an answer without a ranking earns: the least that a
// correlation can be, so that silence is no way out.
const unreadReward = -1

var rankingSuite = suite{
	config:  func(ScoreOptions) map[string]any { return nil },
	read:    (*scorer).readLabels,
	score:   (*scorer).scoreRankings,
	defects: []Defect{CutHead, ArbitraryTies, NullCueLost},
}

// readLabels reads people's order of the words of each question, as the run's
// data set has it now.
func (s *scorer) readLabels(ctx context.Context, run *lake.Run) error {
	dataset, err := datasetOf(ctx, run.Session(), s.options.Run)
	if err != nil {
		return fmt.Errorf("find the data set of run %q: %w", s.options.Run, err)
	}
	pin, err := run.Input(ctx, dataset)
	if err != nil {
		return err
	}
	s.scoring.People[dataset] = pin.Digest
	s.labels = map[string][]ranking.Associate{}
	query := fmt.Sprintf("select example_id, to_json(label)::varchar from %s "+
		"where example_id in (select item_id from eval.samples where run_id = $1)", dataset)
	err = run.Session().Each(ctx, query, []any{s.options.Run}, func(rows *sql.Rows) error {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return err
		}
		var label []ranking.Associate
		err := json.Unmarshal([]byte(text), &label)
		s.labels[id] = label
		return err
	})
	if err == nil && len(s.labels) == 0 {
		err = errors.New("it has none of the run's questions any more")
	}
	if err != nil {
		return fmt.Errorf("read people's order in %s, which must have a column label as data.rank_questions has: %w", dataset, err)
	}
	return nil
}

// datasetOf is the table that a run's questions come from.
func datasetOf(ctx context.Context, s *lake.Session, run string) (string, error) {
	datasets, err := texts(ctx, s, "select dataset from eval.runs where run_id = $1", run)
	if err == nil && (len(datasets) == 0 || !tableName.MatchString(datasets[0])) {
		err = errors.New("eval.runs names none, which rankings need")
	}
	return append(datasets, "")[0], err
}

// scoreRankings scores each answer to a question that has a label.
func (s *scorer) scoreRankings(ctx context.Context) {
	task := progress.Start(ctx, "score", int64(len(s.answers)), "answers")
	defer task.Done()
	var scores []CueScore
	without := 0
	for _, a := range s.answers {
		task.Add(1)
		label, known := s.labels[a.item]
		if !known {
			without++
			continue
		}
		values := s.scoreRanking(a, label)
		s.keep(a, values)
		scores = append(scores, values...)
	}
	s.means(group{scores: scores})
	s.count(QuestionsWithoutLabel, without)
}

// scoreRanking scores one answer, or as the study's code does.
func (s *scorer) scoreRanking(a answer, label []ranking.Associate) []CueScore {
	text, score := a.output, ranking.Score
	if s.options.repeats(CutHead) {
		text = cutHead(a.prompt, text)
	}
	if s.options.repeats(ArbitraryTies) {
		score = ranking.ScorePublished
	}
	reward, failure := score(label, text)
	status := reply.OK
	if failure != "" {
		reward, status = unreadReward, reply.Unparsable
	}
	return []CueScore{{RankingMetric, reward, status}, {Unparsable, indicator(failure != ""), status}}
}
