package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
)

func lakeRelocateCommand(t *terminal) *cli.Command {
	return checked(&cli.Command{
		Name:  "relocate",
		Usage: "make a lake that was moved readable for other engines again, or the copy of one count",
		Description: "Iceberg's metadata names files by absolute paths. alignctl reads a moved or copied lake as\n" +
			"it is; PyIceberg, Spark and others need the paths rewritten. Rows, snapshots, tags and digests\n" +
			"stay what they are.\n" +
			"A lake whose files are in a bucket, or in a folder of their own, may be moved as it is. Of several\n" +
			"copies of its catalog, the first to change anything has the files, and the others change nothing. Should\n" +
			"that one be lost, relocate gives the files to this one, without what only the other one knew.",
		Flags: t.flags(),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runRelocate(ctx, t, l)
			})
		},
	}, noArguments)
}

func runRelocate(ctx context.Context, t *terminal, l *lake.Lake) error {
	from, moved := l.Moved()
	current := l.Current(ctx)
	switch copied := errors.Is(current, lake.ErrCopied); {
	case current != nil && !copied:
		return current
	case !moved && !copied:
		t.remark("the lake is where its metadata says: nothing to do")
		return nil
	}
	if err := l.Relocate(ctx); err != nil {
		return err
	}
	if !moved {
		t.remark("this copy of the catalog has the lake's files now: alignctl lake check says whether all that it names is there")
		return nil
	}
	t.remark("the metadata named %s; now it names this folder", from)
	t.remarkPath(l)
	return nil
}

// remarkPath says when other engines can't open the lake by its path.
func (t *terminal) remarkPath(l *lake.Lake) {
	if remark := pathRemark(l); remark != "" {
		t.remark("%s", remark)
	}
}

// pathRemark is what remarkPath says, or "".
func pathRemark(l *lake.Lake) string {
	problem := l.PlainPath()
	if problem == "" {
		return ""
	}
	return "the lake's path has " + problem + ": alignctl reads it, PyIceberg and Spark can't (they need a plain path)"
}
