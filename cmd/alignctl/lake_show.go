package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
)

func lakeShowCommand(t *terminal) *cli.Command {
	var format string
	return checked(&cli.Command{
		Name:  "show",
		Usage: "what a table is and which versions it has; without a table, what the lake is",
		Description: refHelp + "\nWith -o json all of it as one object; with another format the columns as rows, or, without " +
			"a table, the lake as one row.",
		Flags: t.flags(outputFlag(&format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				if c.NArg() == 0 {
					return runShowLake(ctx, t, l, format)
				}
				return runShowTable(ctx, t, l, c.Args().First(), format)
			})
		},
	}, arguments{0, 1, "[TABLE[@VERSION]]"})
}

func runShowLake(ctx context.Context, t *terminal, l *lake.Lake, format string) error {
	about, err := l.Detail(ctx)
	if err != nil {
		return err
	}
	last, err := l.Log(ctx, lake.LogOptions{Limit: 1})
	if err != nil {
		return err
	}
	when := ""
	if len(last) > 0 {
		when = strings.TrimSpace(last[0].At.UTC().Format(time.RFC3339) + " " + last[0].Run)
	}
	if format != "" {
		g := newGrid("folder", "catalog", "warehouse", "id", "format_version", "created", "tables", "files", "bytes",
			"last_publish", "path_remark")
		g.add(about.Folder, about.Catalog, about.Warehouse, about.ID, about.Format, about.Created, about.Tables, about.Files,
			about.Bytes, when, pathRemark(l))
		return t.printRows(format, g)
	}
	printFacts(t, [][2]string{
		{"folder", about.Folder},
		{"catalog", l.Location().Catalog},
		{"files", l.Location().Warehouse},
		{"id", about.ID},
		{"format", strconv.Itoa(about.Format)},
		{"created", about.Created.UTC().Format(time.RFC3339)},
		{"holds", fmt.Sprintf("%d tables, %d files, %d bytes (now, meta tables' files included)",
			about.Tables, about.Files, about.Bytes)},
		{"last", firstOf(when, "nothing published yet")},
		{"note", pathRemark(l)},
	})
	return nil
}

// printFacts writes names and what they are; those of nothing are left out.
func printFacts(t *terminal, facts [][2]string) {
	for _, fact := range facts {
		if fact[1] != "" {
			fmt.Fprintf(t.out, "%-9s %s\n", fact[0], oneLine(fact[1]))
		}
	}
}

func runShowTable(ctx context.Context, t *terminal, l *lake.Lake, ref, format string) error {
	name, version := splitRef(ref)
	table, err := l.Table(ctx, name, version)
	if err != nil {
		return err
	}
	snapshots, err := l.Snapshots(ctx, name)
	if err != nil {
		return err
	}
	columns := newGrid("column_name", "type", "required", "unit", "doc")
	for _, c := range table.Spec.Columns {
		columns.add(c.Name, c.Type.SQL(), required(table.Spec, c), c.Unit, c.Doc)
	}
	switch format {
	case "":
		return printTable(t, table, columns, snapshotRows(snapshots), pathRemark(l))
	case "json":
		return printTableJSON(t, table, columns, snapshotRows(snapshots), pathRemark(l))
	}
	return t.printRows(format, columns)
}

func required(spec lake.Spec, c lake.Column) bool {
	return c.Required || slices.Contains(spec.Key, c.Name)
}

func snapshotRows(snapshots []lake.SnapshotInfo) *grid {
	g := newGrid("snapshot", "at", "run_id", "engine", "operation", "rows", "tags", "digest")
	for _, s := range snapshots {
		engine := s.Engine
		if s.Foreign() {
			engine = strings.TrimSpace("foreign commit " + s.Engine)
		}
		g.add(strconv.FormatInt(s.Snapshot, 10), s.At, s.Run, engine, s.Operation, s.Rows, strings.Join(s.Tags, " "), s.Digest)
	}
	return g
}

func printTable(t *terminal, d lake.TableDetail, columns, snapshots *grid, remark string) error {
	scope := ""
	if d.Spec.Scope != "" {
		scope = d.Spec.Scope + " (a run replaces the rows of one as a whole)"
	}
	printFacts(t, [][2]string{
		{"table", d.Table},
		{"doc", d.Spec.Doc},
		{"key", strings.Join(d.Spec.Key, ", ")},
		{"scope", scope},
		{"licence", string(d.Spec.Licence)},
		{"snapshot", strconv.FormatInt(d.Snapshot, 10)},
		{"holds", fmt.Sprintf("%d rows, %d files, %d bytes", d.Rows, d.Files, d.Bytes)},
		{"digest", d.Digest},
		{"folder", d.Folder},
		{"note", remark},
	})
	if err := printSection(t.out, "columns", columns); err != nil {
		return err
	}
	return printSection(t.out, "snapshots, newest first", snapshots)
}

// tableJSON is a table as data. Snapshot ids are texts: they exceed 2^53.
type tableJSON struct {
	Table      string           `json:"table_name"`
	Doc        string           `json:"doc"`
	Key        []string         `json:"key"`
	Scope      string           `json:"scope"`
	Licence    string           `json:"licence"`
	Snapshot   string           `json:"snapshot"`
	Digest     string           `json:"digest"`
	Rows       int64            `json:"rows"`
	Files      int              `json:"files"`
	Bytes      int64            `json:"bytes"`
	Folder     string           `json:"folder"`
	PathRemark string           `json:"path_remark"`
	Columns    []map[string]any `json:"columns"`
	Snapshots  []map[string]any `json:"snapshots"`
}

func printTableJSON(t *terminal, d lake.TableDetail, columns, snapshots *grid, remark string) error {
	encoder := json.NewEncoder(t.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(tableJSON{Table: d.Table, Doc: d.Spec.Doc, Key: d.Spec.Key, Scope: d.Spec.Scope,
		Licence: string(d.Spec.Licence), Snapshot: strconv.FormatInt(d.Snapshot, 10), Digest: d.Digest, Rows: d.Rows,
		Files: d.Files, Bytes: d.Bytes, Folder: d.Folder, PathRemark: remark,
		Columns: columns.records(), Snapshots: snapshots.records()})
}
