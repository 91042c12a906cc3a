package prove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"alignctl/etl"
	"alignctl/etl/swow"
	"alignctl/lake"
	"alignctl/lake/duck"
	"alignctl/sql"
)

// A Replayer makes runs of one kind again.
type Replayer interface {
	// Made says whether a run is of this kind.
	Made(run *lake.RunNode) bool
	// Replay makes the run again in the scratch lake. What it gives holds also
	// when it fails.
	Replay(ctx context.Context, job *Job) (Replayed, error)
}

// A Job is a run to make again.
type Job struct {
	Lake, Scratch *lake.Lake
	Run           *lake.RunNode
	Files         []*lake.RawFile   // that it loaded
	Tables        []*lake.TableNode // that it made or read, scope by scope
	Version       string            // of alignctl

	// Inputs gives the versions, in the scratch lake, of the tables that it read:
	// whole, but for those of which it saw one scope only. There need be none when
	// the run read other scopes only.
	Inputs func(scopes map[string]string) (lake.Pins, error)
}

// Replayed is what a replay tells beside the tables that it made.
type Replayed struct {
	Links []Link
	// FileIDs are the ids, in column file_id, of files that have changed, with
	// those that they had then: else every row of such a file would differ.
	FileIDs map[string]string
}

// command is what the scratch lake's runs are called.
const command = "alignctl lake reproduce"

// swowReplayer loads raw files of Small World of Words.
type swowReplayer struct{}

// Made says whether etl/swow made the run.
func (swowReplayer) Made(run *lake.RunNode) bool {
	var c swow.Config
	return json.Unmarshal([]byte(run.Config), &c) == nil && c.Kind == swow.Kind
}

// Replay loads the files as they are now; the rows of one that is gone are those
// that the lake holds of it.
func (swowReplayer) Replay(ctx context.Context, job *Job) (Replayed, error) {
	var c swow.Config
	if err := json.Unmarshal([]byte(job.Run.Config), &c); err != nil {
		return Replayed{}, fmt.Errorf("read configuration of run %s: %w", job.Run.ID, err)
	}
	lists, links, err := job.lists(ctx, c.Lists)
	if err != nil {
		return Replayed{Links: links}, err
	}
	raw, replayed, err := job.rawFiles(ctx, "raw.swow", c.Source)
	replayed.Links = append(replayed.Links, links...)
	if err != nil {
		return replayed, err
	}
	o := swow.Options{Files: raw.paths, Rows: raw.rows, Language: c.Language, Source: c.Source, Append: c.Append,
		Licence: c.Licence, Lists: lists, Steps: c.Steps, SelfAnswers: c.SelfAnswers, Populations: c.Populations,
		Command: command, Version: job.Version}
	if c.Pack != "" {
		if o.Pack, err = swow.ParseLanguage(c.Pack); err != nil {
			return replayed, err
		}
	}
	err = reload(ctx, c.Encoding, c.Reject, func(check etl.CheckOptions) (*swow.Plan, error) {
		o.CheckOptions = check
		return swow.Prepare(ctx, job.Scratch, o)
	})
	return replayed, err
}

// strengthReplayer loads ready-made strength tables.
type strengthReplayer struct{}

// Made says whether a load of such tables made the run.
func (strengthReplayer) Made(run *lake.RunNode) bool {
	var c swow.StrengthConfig
	return json.Unmarshal([]byte(run.Config), &c) == nil && c.Kind == swow.StrengthKind
}

// Replay loads the files as swowReplayer does.
func (strengthReplayer) Replay(ctx context.Context, job *Job) (Replayed, error) {
	var c swow.StrengthConfig
	if err := json.Unmarshal([]byte(job.Run.Config), &c); err != nil {
		return Replayed{}, fmt.Errorf("read configuration of run %s: %w", job.Run.ID, err)
	}
	raw, replayed, err := job.rawFiles(ctx, "raw.strength", c.Source)
	if err != nil {
		return replayed, err
	}
	err = reload(ctx, c.Encoding, c.Reject, func(check etl.CheckOptions) (*swow.StrengthPlan, error) {
		return swow.PrepareStrengths(ctx, job.Scratch, swow.StrengthOptions{Files: raw.paths, Rows: raw.rows, Language: c.Language,
			Source: c.Source, Licence: c.Licence, CheckOptions: check, Command: command, Version: job.Version})
	})
	return replayed, err
}

// reload carries out a load again, whose files are checked as they were then.
// Bad records that were set aside then are set aside again, and forgotten.
func reload[Plan interface {
	Load(context.Context) (*etl.Report, error)
}](ctx context.Context, encoding string, reject bool, prepare func(etl.CheckOptions) (Plan, error)) (err error) {
	o := etl.CheckOptions{Encoding: encoding}
	if reject {
		if o.Rejects, err = etl.CreateRejects(filepath.Join(os.TempDir(), "alignctl-reproduce-rejected.csv")); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, o.Rejects.Discard()) }()
	}
	plan, err := prepare(o)
	if err == nil {
		_, err = plan.Load(ctx)
	}
	return err
}

// rawFiles are what a run's raw files can be loaded from again.
type rawFiles struct {
	paths []string // of files that are where they were
	rows  string   // selects the lake's rows of the others; "" when there are none
}

// rawFiles looks for the files of a run, whose rows a raw table has.
func (j *Job) rawFiles(ctx context.Context, table, source string) (raw rawFiles, replayed Replayed, err error) {
	replayed.FileIDs = map[string]string{}
	var gone []string
	for _, f := range j.Files {
		link, err := fileLink(ctx, f)
		if err != nil {
			return raw, replayed, err
		}
		replayed.Links = append(replayed.Links, link)
		switch link.Verdict {
		case Gone:
			gone = append(gone, duck.Literal(fileID(f.SHA256)))
			continue
		case Differs:
			replayed.FileIDs[fileID(link.Rebuilt)] = fileID(f.SHA256)
		}
		raw.paths = append(raw.paths, f.Path)
	}
	if len(gone) == 0 {
		return raw, replayed, nil
	}
	rows, err := j.rawRows(ctx, table, source)
	raw.rows = "select * from (" + rows + ") where file_id in (" + strings.Join(gone, ", ") + ")"
	return raw, replayed, err
}

// fileID is a file's id in raw tables, from its sha256.
func fileID(sha256 string) string { return strings.TrimPrefix(sha256, "sha256:")[:16] }

// rawRows selects what the lake holds of a source, as the run left it.
func (j *Job) rawRows(ctx context.Context, table, source string) (string, error) {
	for _, n := range j.Tables {
		if n.Table == table && n.Scope == source {
			return j.Lake.ScopeQuery(ctx, table, n.Snapshot, source)
		}
	}
	return "", fmt.Errorf("the record of run %s doesn't lead to %s of %s", j.Run.ID, table, source)
}

// fileLink looks whether a raw file is where and what it was.
func fileLink(ctx context.Context, f *lake.RawFile) (Link, error) {
	const instead = "; its rows are those of the pinned table"
	link := Link{Kind: "file", Name: f.Name, Scope: f.Source, Recorded: "sha256:" + f.SHA256}
	if f.Path == "" {
		return link.without(Gone, "its place wasn't recorded"+instead), nil
	}
	sum, err := etl.DigestFile(ctx, f.Path)
	switch {
	case ctx.Err() != nil:
		return link, ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		return link.without(Gone, "it is not at "+f.Path+instead), nil
	case err != nil:
		return link.without(Gone, err.Error()+instead), nil
	}
	return link.compare("sha256:" + sum), nil
}

// dataReplayer builds data sets.
type dataReplayer struct{ catalogue *sql.Catalogue }

// Made says whether a build made the run.
func (dataReplayer) Made(run *lake.RunNode) bool {
	r, err := sql.ParseRecipe(run.Config)
	return err == nil && r.Digest != "" && r.View != ""
}

// Replay builds the view as it is now, with the parameters of then. It tells
// whether view and templates are still those of then.
func (d dataReplayer) Replay(ctx context.Context, job *Job) (Replayed, error) {
	then, err := sql.ParseRecipe(job.Run.Config)
	if err != nil {
		return Replayed{}, fmt.Errorf("run %s: %w", job.Run.ID, err)
	}
	set := then.Set()
	link := Link{Kind: "recipe", Name: then.View, Recorded: then.Digest}
	now, err := d.catalogue.Recipe(ctx, job.Lake, then.View, set, then.Inputs)
	if err != nil {
		return Replayed{Links: []Link{link.without(Failed, err.Error())}}, err
	}
	if link = link.compare(now.Digest); link.Verdict == Differs {
		link.Reason = "the view or a template has changed since"
	}
	pins, err := job.Inputs(then.Scopes)
	if err == nil {
		_, err = d.catalogue.Build(ctx, job.Scratch, then.View, sql.BuildOptions{Set: set, Pins: pins,
			Command: command, Version: job.Version})
	}
	return Replayed{Links: []Link{link}}, err
}
