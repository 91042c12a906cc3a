package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
)

func lakeRelocateCommand(t *terminal) *cli.Command {
	return checked(&cli.Command{
		Name:  "relocate",
		Usage: "make a lake that was moved readable for other engines again",
		Description: "Iceberg's metadata names files by absolute paths. alignctl reads a moved or copied lake as\n" +
			"it is; PyIceberg, Spark and others need the paths rewritten. Rows, snapshots, tags and digests\n" +
			"stay what they are.",
		Flags: t.flags(),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				from, moved := l.Moved()
				if !moved {
					t.remark("the lake is where its metadata says: nothing to do")
					return nil
				}
				if err := l.Relocate(ctx); err != nil {
					return err
				}
				t.remark("the metadata named %s; now it names this folder", from)
				t.remarkPath(l)
				return nil
			})
		},
	}, noArguments)
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
