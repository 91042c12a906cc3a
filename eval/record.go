package eval

import (
	"context"
	"errors"
	"fmt"
	"time"

	"alignctl/internal/failpoint"
	"alignctl/lake"
)

// DefaultSaveEvery is how often a Record publishes what is finished.
const DefaultSaveEvery = 30 * time.Second

// A Record is what a run has of a model's answers: its row of eval.runs, and the
// samples that the lake doesn't have yet.
type Record struct {
	Row       RunRow
	Total     int           // samples that the run is to have in the end
	SaveEvery time.Duration // publish finished samples that often

	// More writes what other tables have of the samples since it was called
	// last; nil: nothing.
	More func(context.Context) error

	run       *lake.Run
	earlier   *Begun
	fresh     []SampleRow // finished since the last publish
	published time.Time
	failed    error // a publish
}

// NewRecord begins the record of a run, which a lake's run writes, or goes on
// with that of an earlier one.
func NewRecord(run *lake.Run, row RunRow, earlier *Begun) Record {
	row.RunID, row.StartedAt = run.ID(), time.Now().UTC()
	earlier.carryOver(&row)
	return Record{Row: row, run: run, earlier: earlier}
}

// Describe says in the record who answers. It refuses another model than an
// earlier run began with.
func (r *Record) Describe(ctx context.Context, from Source) error {
	if err := r.earlier.check(from); err != nil {
		return err
	}
	return r.Row.Describe(ctx, r.run, from)
}

// Keep takes a sample, with the reply that it was made of.
type Keep func(SampleRow, Reply)

// Asking counts the time that ask takes, and publishes what it keeps every
// SaveEvery, with the status running, so that no end of the process loses more.
// When that fails, ask's context ends; Finish tells.
func (r *Record) Asking(ctx context.Context, ask func(context.Context, Keep) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	start, before := time.Now(), r.Row.Seconds
	r.published = start
	return ask(ctx, func(s SampleRow, reply Reply) {
		r.Row.Seconds = before + time.Since(start).Seconds()
		r.add(s, reply)
		if time.Since(r.published) >= r.SaveEvery {
			r.failed = r.publish(context.WithoutCancel(ctx), lake.Running)
		}
		if r.failed != nil {
			stop()
		}
	})
}

func (r *Record) add(s SampleRow, reply Reply) {
	if reply.Served != "" {
		r.Row.ServedModel = &reply.Served
	}
	r.Row.Items++
	r.Row.Tokens += int64(reply.Tokens)
	r.fresh = append(r.fresh, s)
}

// Finish publishes what asking gave, the status interrupted where it ended in an
// error. That is given back with how to go on; kept says whether the lake has
// the run.
func (r *Record) Finish(ctx context.Context, asked error) (kept bool, err error) {
	status := lake.Done
	switch {
	case r.failed != nil:
		return false, r.failed
	case asked != nil && r.Row.Items == 0:
		return false, asked
	case asked != nil:
		status = lake.Interrupted
		asked = fmt.Errorf("ask: %d of %d answers are kept; go on with: %s %s: %w", r.Row.Items, r.Total,
			resumeCommand[r.Row.Suite], r.Row.RunID, asked)
	}
	// What is finished is kept, though the user wants to stop.
	if err := r.publish(context.WithoutCancel(ctx), status); err != nil {
		return false, errors.Join(err, asked)
	}
	return true, asked
}

// ResumeCommand goes on with a run of a suite, whose id is its last word; "" for
// one that asks nobody.
func ResumeCommand(suite string) string { return resumeCommand[suite] }

var resumeCommand = map[string]string{
	Associations: "alignctl eval generate --resume",
	Survey:       "alignctl eval wvs --resume",
}

// publish shows all the samples so far.
func (r *Record) publish(ctx context.Context, status lake.Status) error {
	if r.More != nil {
		if err := r.More(ctx); err != nil {
			return err
		}
	}
	r.Row.Status = string(status)
	err := publish(ctx, r.run, r.Row, r.fresh)
	r.fresh, r.published = nil, time.Now()
	failpoint.Hit("eval.published")
	return err
}

// publish writes a run's row anew, adds samples to it, and shows both.
func publish(ctx context.Context, run *lake.Run, row RunRow, fresh []SampleRow) error {
	row.EndedAt = time.Now().UTC()
	if _, err := lake.ReplaceRows(ctx, run, RunsTable, row.RunID, []RunRow{row}); err != nil {
		return err
	}
	if _, err := lake.WriteRows(ctx, run, SamplesTable, row.RunID, fresh); err != nil {
		return err
	}
	_, err := run.Publish(ctx, lake.Status(row.Status))
	return err
}
