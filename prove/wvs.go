package prove

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"alignctl/etl"
	"alignctl/etl/wvs"
	"alignctl/lake"
)

// wvsReplayer loads files of the World Values Survey.
type wvsReplayer struct{}

// Made says whether etl/wvs made the run.
func (wvsReplayer) Made(run *lake.RunNode) bool {
	var c wvs.Config
	return json.Unmarshal([]byte(run.Config), &c) == nil && c.Kind == wvs.Kind
}

// Replay loads the files as swowReplayer does; the words of a codebook that is
// gone are those of the tables that it made.
func (wvsReplayer) Replay(ctx context.Context, job *Job) (Replayed, error) {
	var c wvs.Config
	if err := json.Unmarshal([]byte(job.Run.Config), &c); err != nil {
		return Replayed{}, fmt.Errorf("read configuration of run %s: %w", job.Run.ID, err)
	}
	o := wvs.Options{Source: c.Source, Append: c.Append, Licence: c.Licence, CodebookLanguage: c.Language,
		Command: command, Version: job.Version}
	replayed, err := job.survey(ctx, c, &o)
	if err != nil {
		return replayed, err
	}
	err = reload(ctx, "", c.Reject, func(check etl.CheckOptions) (*wvs.Plan, error) {
		o.CheckOptions = check
		return wvs.Prepare(ctx, job.Scratch, o)
	})
	return replayed, err
}

// survey looks for the files and the codebook of a load.
func (j *Job) survey(ctx context.Context, c wvs.Config, o *wvs.Options) (Replayed, error) {
	respondents := *j
	respondents.Files = slices.DeleteFunc(slices.Clone(j.Files), func(f *lake.RawFile) bool {
		return f.SHA256 == c.Codebook
	})
	raw, replayed, err := respondents.rawFiles(ctx, "raw.wvs_respondent", c.Source)
	if err != nil {
		return replayed, err
	}
	if o.Files, o.Rows.Respondents = raw.paths, raw.rows; raw.rows != "" {
		if o.Rows.Answers, err = j.rawRows(ctx, "raw.wvs_answer", c.Source); err != nil {
			return replayed, err
		}
	}
	for _, f := range j.Files {
		if f.SHA256 != c.Codebook {
			continue
		}
		link, err := fileLink(ctx, f)
		replayed.Links = append(replayed.Links, link)
		if err != nil {
			return replayed, err
		}
		if link.Verdict != Gone {
			o.Codebook = f.Path
			continue
		}
		if err := j.words(ctx, c.Source, &o.Rows); err != nil {
			return replayed, err
		}
	}
	return replayed, nil
}

// words takes the words of a codebook from the tables that it made, as far as
// the chain has them.
func (j *Job) words(ctx context.Context, source string, rows *wvs.Rows) (err error) {
	for _, n := range j.Tables {
		if n.Scope != source || err != nil {
			continue
		}
		switch n.Table {
		case "core.wvs_question":
			rows.Questions, err = j.Lake.ScopeQuery(ctx, n.Table, n.Snapshot, source)
		case "core.wvs_option":
			rows.Options, err = j.Lake.ScopeQuery(ctx, n.Table, n.Snapshot, source)
		}
	}
	return err
}
