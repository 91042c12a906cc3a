package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/internal/atomicfile"
	"alignctl/internal/workspace"
	"alignctl/lake"
)

func initCommand(t *terminal) *cli.Command {
	var where lake.Location
	return checked(&cli.Command{
		Name:  "init",
		Usage: "make an empty lake, and an alignctl.yaml to begin with",
		Description: "Without FOLDER the lake is ./lake, and alignctl.yaml stands here; with it FOLDER is the lake, and\n" +
			"alignctl.yaml stands in it. Where there is an alignctl.yaml already, there or in a folder above, it\n" +
			"stays as it is. The new one works at once; its comments show what else can stand in it.\n" +
			"A lake that several machines share has its catalog in PostgreSQL and its files in a bucket, or in a\n" +
			"folder that all of them see. The first init makes it; with --catalog alone others join it: FOLDER is\n" +
			"then what this machine keeps of it. PGPASSWORD or ~/.pgpass has the password, AWS_ACCESS_KEY_ID,\n" +
			"AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL say how to reach the bucket.",
		Flags: t.flags(
			&cli.StringFlag{Name: "catalog", Usage: "`ADDRESS` of a shared lake's catalog: postgres://USER@HOST/DATABASE",
				Destination: &where.Catalog},
			&cli.StringFlag{Name: "warehouse", Usage: "where a new lake's files go: s3://BUCKET/PREFIX or file:///FOLDER",
				Destination: &where.Warehouse}),
		Action: func(c *cli.Context) error {
			return runInit(c.Context, t, firstOf(c.Args().First(), t.lakeDir, os.Getenv(lake.Variable)), where)
		},
	}, arguments{0, 1, "[FOLDER]"})
}

// runInit makes a lake in the folder named, or where commands find it, or joins
// one.
func runInit(ctx context.Context, t *terminal, named string, where lake.Location) error {
	dir, err := lake.Find(named)
	if err != nil {
		return err
	}
	l, err := lake.InitAt(t.reporting(ctx), dir, where)
	if err != nil {
		return err
	}
	fmt.Fprintln(t.out, l.Dir())
	if l.Joined() {
		t.remark("joined the lake whose files are in %s", l.Location().Warehouse)
	}
	if l.Location().Catalog != where.Catalog {
		t.remark("the password isn't kept: set PGPASSWORD, or write it to ~/.pgpass")
	}
	t.remarkPath(l)
	if err := l.Close(); err != nil {
		return err
	}
	if named != "" {
		return t.writeWorkspace(dir, ".")
	}
	here, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find workspace: %w", err)
	}
	return t.writeWorkspace(here, filepath.Base(dir))
}

// workspaceText is a new alignctl.yaml, with LAKE for the lake's folder.
//
//go:embed init.yaml
var workspaceText string

// writeWorkspace makes a folder a workspace, unless it is part of one: then
// commands go by that one's file, and a second would change what they do.
func (t *terminal) writeWorkspace(folder, lakeDir string) error {
	file, err := workspace.FindFrom(folder)
	if err != nil || file != nil {
		return err
	}
	path := filepath.Join(folder, workspace.FileName)
	text := strings.Replace(workspaceText, "LAKE", lakeDir, 1)
	if err := atomicfile.Write(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	t.remark("wrote %s: what may stand in it is in its comments", shortPath(path))
	return nil
}

// firstOf is the first text that isn't empty.
func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
