package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/sql"
)

func dataShowCommand(t *terminal) *cli.Command {
	var format string
	return checked(&cli.Command{
		Name:  "show",
		Usage: "what a data set is, how to set it, and what the lake holds of it",
		Description: "With -o json all of it as one object; with another format the columns as rows. A data set is out of\n" +
			"date when a table that it was built from, a prompt template, or the view has changed since.",
		Flags: t.flags(outputFlag(&format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runDataShow(ctx, t, l, c.Args().First(), format)
			})
		},
	}, oneArgument("NAME"))
}

func runDataShow(ctx context.Context, t *terminal, l *lake.Lake, name, format string) error {
	catalogue, err := openCatalogue()
	if err != nil {
		return err
	}
	d, err := catalogue.Detail(ctx, l, name)
	if err != nil {
		return err
	}
	switch format {
	case "":
		return printDataSet(t, d)
	case "json":
		return printDataSetJSON(t, d)
	}
	return t.printRows(format, dataSetColumns(d.View))
}

func dataSetColumns(v *sql.View) *grid {
	g := newGrid("column_name", "key", "null", "unit", "doc")
	for _, c := range v.Columns {
		g.add(c.Name, slices.Contains(v.Key, c.Name), c.Null, c.Unit, c.Doc)
	}
	return g
}

func dataSetParams(v *sql.View) *grid {
	g := newGrid("parameter", "type", "default", "range", "doc")
	for _, p := range v.Params {
		g.add(p.Name, string(p.Type), p.Default, p.Range, p.Doc)
	}
	return g
}

func dataSetAudits(v *sql.View) *grid {
	g := newGrid("audit", "doc")
	for _, a := range v.Audits {
		g.add(a.Name, a.Doc)
	}
	return g
}

// printDataSet writes a data set for people to read.
func printDataSet(t *terminal, d sql.Detail) error {
	v := d.View
	printFacts(t, [][2]string{
		{"data set", v.Name},
		{"a row is", v.Doc},
		{"key", strings.Join(v.Key, ", ")},
		{"licence", string(v.Licence)},
		{"file", v.File},
		{"reads", strings.Join(d.Reads, ", ")},
		{"read by", strings.Join(d.ReadBy, ", ")},
		{"state", string(d.State)},
	})
	if d.Held != nil {
		if err := printHolding(t, d); err != nil {
			return err
		}
	}
	for _, section := range []struct {
		title string
		grid  *grid
	}{{"parameters", dataSetParams(v)}, {"columns", dataSetColumns(v)}, {"audits", dataSetAudits(v)}} {
		if len(section.grid.rows) == 0 {
			continue
		}
		if err := printSection(t.out, section.title, section.grid); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(t.out, "\nquery\n%s\n", v.Query.SQL)
	return err
}

// splitText says how many rows there are, and in which split.
func splitText(d sql.Detail) string {
	parts := make([]string, len(d.Splits))
	for i, s := range d.Splits {
		parts[i] = fmt.Sprintf("%s %d", s.Split, s.Rows)
	}
	if len(parts) == 0 {
		return count(d.Held.Rows, "row")
	}
	return count(d.Held.Rows, "row") + ": " + strings.Join(parts, ", ")
}

// printHolding writes what the lake holds, how it was made, and what has changed
// since.
func printHolding(t *terminal, d sql.Detail) error {
	h, when := d.Held, ""
	if h.Run != "" {
		when = h.Began.Format(time.RFC3339) + " by run " + h.Run
	}
	printFacts(t, [][2]string{
		{"holds", splitText(d)},
		{"snapshot", strconv.FormatInt(h.Snapshot, 10)},
		{"digest", h.Digest},
		{"built", when},
		{"with", settings(h.Recipe.Set()).String()},
		{"changed", strings.Join(h.Stale, "; ")},
	})
	inputs := newGrid("input", "digest")
	for _, table := range slices.Sorted(maps.Keys(h.Recipe.Inputs)) {
		inputs.add(table, h.Recipe.Inputs[table])
	}
	for _, id := range slices.Sorted(maps.Keys(h.Recipe.Templates)) {
		inputs.add("template "+id, h.Recipe.Templates[id])
	}
	if len(inputs.rows) == 0 {
		return nil
	}
	return printSection(t.out, "built from", inputs)
}

// dataSetJSON is a data set as data. Snapshot ids are texts: they exceed 2^53.
type dataSetJSON struct {
	Name     string           `json:"data_set"`
	Doc      string           `json:"doc"`
	Key      []string         `json:"key"`
	Licence  string           `json:"licence"`
	File     string           `json:"file"`
	Reads    []string         `json:"reads"`
	ReadBy   []string         `json:"read_by"`
	Params   []map[string]any `json:"parameters"`
	Columns  []map[string]any `json:"columns"`
	Audits   []map[string]any `json:"audits"`
	Query    string           `json:"query"`
	State    string           `json:"state"`
	Stale    []string         `json:"changed"`
	Snapshot string           `json:"snapshot,omitempty"`
	Digest   string           `json:"digest,omitempty"`
	Rows     int64            `json:"rows"`
	Splits   []sql.SplitCount `json:"splits"`
	Run      string           `json:"run,omitempty"`
	Began    *time.Time       `json:"began,omitempty"`
	Recipe   *sql.Recipe      `json:"recipe,omitempty"`
}

func printDataSetJSON(t *terminal, d sql.Detail) error {
	v := d.View
	out := dataSetJSON{Name: v.Name, Doc: v.Doc, Key: v.Key, Licence: string(v.Licence), File: v.File,
		Reads: d.Reads, ReadBy: d.ReadBy, Params: dataSetParams(v).records(), Columns: dataSetColumns(v).records(),
		Audits: dataSetAudits(v).records(), Query: v.Query.SQL, State: string(d.State), Splits: d.Splits}
	if h := d.Held; h != nil {
		out.Stale, out.Snapshot, out.Digest, out.Rows = h.Stale, strconv.FormatInt(h.Snapshot, 10), h.Digest, h.Rows
		out.Run, out.Began, out.Recipe = h.Run, &h.Began, &h.Recipe
	}
	encoder := json.NewEncoder(t.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(out)
}
