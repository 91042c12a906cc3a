package eval

import (
	"context"
	"fmt"

	"alignctl/lake"
)

// A Resumption is a run of Generate that can go on, or the news that it is done.
type Resumption struct {
	*Begun
	Options GenerateOptions // of the run; Batch and what JSON leaves out are the caller's to set
}

// FindResumption looks for a run by its id, or Latest.
func FindResumption(ctx context.Context, l *lake.Lake, run string) (*Resumption, error) {
	b, err := FindBegun(ctx, l, Associations, run)
	if err != nil {
		return nil, err
	}
	var config runConfig
	if err := b.Options(&config); err != nil {
		return nil, err
	}
	return &Resumption{b, config.GenerateOptions}, nil
}

// Resume goes on with a run as Generate would have: it asks about the items that
// have no answer yet, all under the run's id.
func Resume(ctx context.Context, l *lake.Lake, open Opener, r *Resumption) (Generated, error) {
	if r.Done {
		return Generated{}, fmt.Errorf("resume run %q: it is done", r.RunID)
	}
	g := generation{options: r.Options.withDefaults(), open: open, earlier: r.Begun}
	return g.do(ctx, l)
}
