package eval

import (
	"context"

	"alignctl/lake"
)

// Survey is the suite of package eval/wvs.
const Survey = "wvs"

// What that package shares with the suites here.

// Begin starts a run on a lake that must have the named tables.
func Begin(ctx context.Context, l *lake.Lake, info lake.RunInfo, tables ...string) (*lake.Run, error) {
	return begin(ctx, l, info, tables...)
}

// FindRun resolves Latest and checks that the run exists.
func FindRun(ctx context.Context, s *lake.Session, run string) (string, error) {
	return findRun(ctx, s, run)
}
