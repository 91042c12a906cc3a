package eval

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"alignctl/lake"
)

// A Scoring is one way to score a run, and what came of it. Each suite makes
// one and writes it: with the same run, suite and options it takes the place of
// its earlier rows, with others it stands beside them.
type Scoring struct {
	RunID      string
	Suite      string
	Options    any // all that decides the rows, to be marshalled to JSON
	Population string
	Parser     string
	People     map[string]string // tables of people's answers: their content digests
	Version    string            // of alignctl

	Scores  []ScoreRow  // Write sets their run and scoring
	Metrics []MetricRow // likewise
}

// scoringIDLength is how many hex digits name a scoring.
const scoringIDLength = 12

// identify gives the scoring's id and its options as canonical JSON.
func (s *Scoring) identify() (id, options string, err error) {
	if options, err = canonicalJSON(s.Options); err != nil {
		return "", "", fmt.Errorf("describe the scoring of run %q: %w", s.RunID, err)
	}
	whole, err := canonicalJSON([]any{s.RunID, s.Suite, json.RawMessage(options)})
	sum := sha256.Sum256([]byte(whole))
	return hex.EncodeToString(sum[:])[:scoringIDLength], options, err
}

// canonicalJSON is a value as JSON with the keys of objects in order.
func canonicalJSON(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // a seed may be larger than a float holds
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return "", err
	}
	text, err = json.Marshal(tree)
	return string(text), err
}

// Write puts the scoring into eval.scorings, eval.scores and eval.metrics of a
// lake's run, which the caller publishes, and gives its id. Scoring again to
// the same scores changes nothing. Comparisons with the scoring stay while its
// scores do, and go when these change.
func (s *Scoring) Write(ctx context.Context, run *lake.Run) (id string, err error) {
	id, options, err := s.identify()
	if err != nil {
		return "", err
	}
	if err := checkShape(ctx, run.Session()); err != nil {
		return "", err
	}
	s.stamp(id)
	changed, err := s.writeScores(ctx, run, id)
	if err == nil && changed {
		err = dropComparisons(ctx, run, id)
	}
	if err == nil {
		err = s.writeMetrics(ctx, run, id)
	}
	if err == nil {
		err = s.writeRow(ctx, run, ScoringRow{ScoringID: id, Options: options}, changed)
	}
	return id, err
}

// stamp says in each row whose it is, and puts the scores in key order.
func (s *Scoring) stamp(id string) {
	for i := range s.Scores {
		s.Scores[i].RunID, s.Scores[i].ScoringID = s.RunID, id
	}
	for i := range s.Metrics {
		s.Metrics[i].RunID, s.Metrics[i].ScoringID = s.RunID, id
	}
	slices.SortFunc(s.Scores, func(a, b ScoreRow) int {
		return cmp.Or(strings.Compare(a.ItemID, b.ItemID), strings.Compare(a.Metric, b.Metric))
	})
}

// writeScores says whether the scores differ from those that the scoring had.
func (s *Scoring) writeScores(ctx context.Context, run *lake.Run, id string) (changed bool, err error) {
	before, others, err := readScores(ctx, run.Session(), s.RunID, id)
	if err != nil || len(before) == len(s.Scores) && reflect.DeepEqual(before, s.Scores) {
		return false, err
	}
	if others > 0 {
		if _, err := run.InputScope(ctx, ScoresTable.Name, s.RunID); err != nil {
			return false, err
		}
	}
	if len(before) > 0 {
		rest := fmt.Sprintf("select * from eval.scores where run_id = %s and scoring_id <> %s", literal(s.RunID), literal(id))
		if _, err := run.Write(ctx, ScoresTable, s.RunID, rest); err != nil {
			return false, err
		}
	}
	_, err = lake.WriteRows(ctx, run, ScoresTable, s.RunID, s.Scores)
	return true, err
}

// literal is a text in SQL.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// writeMetrics puts the scoring's own metrics in place of its earlier ones.
func (s *Scoring) writeMetrics(ctx context.Context, run *lake.Run, id string) error {
	kept, err := readMetrics(ctx, run.Session(), s.RunID)
	if err != nil {
		return err
	}
	kept = slices.DeleteFunc(kept, func(m MetricRow) bool { return m.ScoringID == id && m.Against == "" })
	if len(kept) > 0 {
		if _, err := run.InputScope(ctx, MetricsTable.Name, s.RunID); err != nil {
			return err
		}
	}
	_, err = lake.ReplaceRows(ctx, run, MetricsTable, s.RunID, append(kept, s.Metrics...))
	return err
}

// writeRow completes the scoring's row and puts it in place of its earlier one.
func (s *Scoring) writeRow(ctx context.Context, run *lake.Run, row ScoringRow, changed bool) error {
	people, err := canonicalJSON(s.People)
	if err != nil {
		return err
	}
	row.RunID, row.Suite, row.Population, row.Parser = s.RunID, s.Suite, s.Population, s.Parser
	row.People, row.Version, row.CreatedAt = people, s.Version, time.Now().UTC().Truncate(time.Microsecond)
	rows, err := readScorings(ctx, run.Session(), "run_id = $1", s.RunID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(rows, func(r ScoringRow) bool { return r.ScoringID == row.ScoringID })
	if at >= 0 {
		if !changed {
			row.CreatedAt = rows[at].CreatedAt
		}
		rows = slices.Delete(rows, at, at+1)
	}
	_, err = lake.ReplaceRows(ctx, run, ScoringsTable, s.RunID, append(rows, row))
	return err
}

// readScorings gives the scorings for which a condition holds, the newest
// first; none where the lake has no such table yet.
func readScorings(ctx context.Context, s *lake.Session, condition string, args ...any) ([]ScoringRow, error) {
	if held, err := holds(ctx, s, ScoringsTable); err != nil || !held {
		return nil, err
	}
	var scorings []ScoringRow
	query := "select run_id, scoring_id, suite, options, population, parser, people, created_at, version " +
		"from eval.scorings where " + condition + " order by created_at desc, scoring_id"
	err := s.Each(ctx, query, args, func(rows *sql.Rows) error {
		var r ScoringRow
		err := rows.Scan(&r.RunID, &r.ScoringID, &r.Suite, &r.Options, &r.Population, &r.Parser, &r.People, &r.CreatedAt,
			&r.Version)
		r.CreatedAt = r.CreatedAt.UTC()
		scorings = append(scorings, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read eval.scorings: %w", err)
	}
	return scorings, nil
}

// scoresQuery gives a run's scores in the order of a scoring's rows.
const scoresQuery = `
select run_id, scoring_id, item_id, metric, language, cue, value, status
from eval.scores
where run_id = $1 and scoring_id = $2
order by item_id, metric`

// readScores gives the scores of a scoring, and how many the run has of others.
func readScores(ctx context.Context, s *lake.Session, run, scoring string) (scores []ScoreRow, others int64, err error) {
	if held, err := holds(ctx, s, ScoresTable); err != nil || !held {
		return nil, 0, err
	}
	err = s.Each(ctx, scoresQuery, []any{run, scoring}, func(rows *sql.Rows) error {
		var r ScoreRow
		err := rows.Scan(&r.RunID, &r.ScoringID, &r.ItemID, &r.Metric, &r.Language, &r.Cue, &r.Value, &r.Status)
		scores = append(scores, r)
		return err
	})
	const count = "select count(*) from eval.scores where run_id = $1 and scoring_id <> $2"
	if err == nil {
		err = s.Each(ctx, count, []any{run, scoring}, func(rows *sql.Rows) error { return rows.Scan(&others) })
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read scores of run %q: %w", run, err)
	}
	return scores, others, nil
}

// OldTables are those tables of eval in a session that an alignctl wrote which
// kept one scoring a run. Nothing can be scored before they are taken out.
func OldTables(ctx context.Context, s *lake.Session) ([]string, error) {
	old, err := texts(ctx, s, `select 'eval.' || table_name from information_schema.tables t
		where table_schema = 'eval' and table_name in ('scores', 'metrics') and not exists (
			select 1 from information_schema.columns c
			where c.table_schema = 'eval' and c.table_name = t.table_name and column_name = 'scoring_id')
		order by all`)
	if err != nil {
		return nil, fmt.Errorf("look at the tables of eval: %w", err)
	}
	return old, nil
}

// checkShape refuses old tables.
func checkShape(ctx context.Context, s *lake.Session) error {
	old, err := OldTables(ctx, s)
	if err == nil && len(old) > 0 {
		err = fmt.Errorf("open table %[1]s: an older alignctl wrote it, with one scoring a run: take it out "+
			"(alignctl data rm -f %[1]s), then score the runs again", old[0])
	}
	return err
}
