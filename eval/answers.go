package eval

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"alignctl/lake"
)

// strengthTable holds people's responses.
const strengthTable = "core.strength"

// A key is a cue in its language.
type key struct{ language, cue string }

// An answer is a model's text on a cue.
type answer struct {
	key
	item, split, prompt, output string
}

// FindRun resolves Latest and checks that the run exists.
func FindRun(ctx context.Context, s *lake.Session, run string) (string, error) {
	query, args := "select run_id from eval.runs where run_id = $1", []any{run}
	if run == Latest {
		query, args = "select run_id from eval.runs order by started_at desc, run_id desc limit 1", nil
	}
	found, err := texts(ctx, s, query, args...)
	if err != nil {
		return "", fmt.Errorf("find run %q: %w", run, err)
	}
	if len(found) == 0 {
		return "", fmt.Errorf("find run %q: it is not in eval.runs (see them with: "+
			"alignctl sql 'select run_id, coalesce(served_model, model_path), adapter_path, items, status from eval.runs')", run)
	}
	return found[0], nil
}

// answersQuery gives a run's answers in the order of the scores.
const answersQuery = `
select language, cue, item_id, split, prompt, output
from eval.samples
where run_id = $1 and sample = 0
order by language, cue, item_id`

func readAnswers(ctx context.Context, s *lake.Session, run string) ([]answer, error) {
	var answers []answer
	err := s.Each(ctx, answersQuery, []any{run}, func(rows *sql.Rows) error {
		var a answer
		err := rows.Scan(&a.language, &a.cue, &a.item, &a.split, &a.prompt, &a.output)
		answers = append(answers, a)
		return err
	})
	if err == nil && len(answers) == 0 {
		err = errors.New("it has none")
	}
	if err != nil {
		return nil, fmt.Errorf("read answers of run %q: %w", run, err)
	}
	return answers, nil
}

// goldQuery gives people's responses to the cues that a query asks about.
const goldQuery = `
select language, cue, response, n123
from core.strength
semi join (%s) using (language, cue)
where population = $1 and n123 is not null -- a ready-made table of first responses has none
order by language, cue, n123 desc, response`

// readAssociates reads the responses of a population to the cues of a query of
// language and cue, whose one parameter is $2.
func readAssociates(ctx context.Context, s *lake.Session, asked, population, parameter string) (map[key][]Associate, error) {
	associates := map[key][]Associate{}
	err := s.Each(ctx, fmt.Sprintf(goldQuery, asked), []any{population, parameter}, func(rows *sql.Rows) error {
		var k key
		var a Associate
		err := rows.Scan(&k.language, &k.cue, &a.Response, &a.N)
		associates[k] = append(associates[k], a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read human responses: %w", err)
	}
	return associates, nil
}

// noGold says which populations there are instead.
func noGold(ctx context.Context, s *lake.Session, o ScoreOptions) error {
	held, err := texts(ctx, s, "select distinct population from core.strength order by all")
	if err != nil {
		return fmt.Errorf("read human responses: %w", err)
	}
	return fmt.Errorf("read human responses: core.strength has none of population %q to the cues of run %q "+
		"(populations: %s)", o.Population, o.Run, strings.Join(held, ", "))
}
