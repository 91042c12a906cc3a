package export

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"alignctl/internal/atomicfile"
	"alignctl/lake"
)

// A Card says what an export is, where it comes from and how to make it again.
// It is written as card.json, and for people as README.md. The time is not in
// it, nor a path of the machine.
type Card struct {
	DataSet   string   `json:"data_set"`
	Doc       string   `json:"doc"`
	Layout    string   `json:"layout"`
	Style     string   `json:"style,omitempty"`
	Snapshot  int64    `json:"snapshot,string"`
	Digest    string   `json:"digest"` // of the content, as data build printed it
	Rows      int64    `json:"rows"`
	Key       []string `json:"key"` // the columns that order the rows
	Languages []string `json:"languages,omitempty"`
	// Licence is the licence class of the rows; Rights says whose
	// licence forbids to pass them on, and how they left the lake all the same.
	Licence lake.Licence `json:"licence_class"`
	Rights  string       `json:"rights,omitempty"`
	Sources []Source     `json:"sources"` // the raw files that the rows come from
	Builds  []Build      `json:"builds"`
	Columns []Column     `json:"columns"` // of the files
	Splits  []Split      `json:"splits"`
	Files   []File       `json:"files"` // all but the card itself
	Version string       `json:"alignctl"`
	Command string       `json:"command"` // that exports it again, from the same lake
	Use     string       `json:"-"`       // how a trainer takes the folder
}

// A Split is a part of the data set. File is "" where it has no rows.
type Split struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
	File string `json:"file,omitempty"`
}

// A Column is a column of the files.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // in words
	Unit string `json:"unit,omitempty"`
	Doc  string `json:"doc,omitempty"`
}

// A File is a file of the export. Rows is 0 for a file that has none.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // hex
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows,omitempty"`
}

func newCard(ctx context.Context, l *lake.Lake, x *export, o Options) (*Card, error) {
	spec := x.table.Spec
	c := &Card{DataSet: x.table.Table, Doc: spec.Doc, Layout: x.layout.Name, Style: o.Style, Snapshot: x.table.Snapshot,
		Digest: x.table.Digest, Rows: x.table.Rows, Key: spec.Key, Licence: spec.Licence, Version: o.Version, Use: x.layout.use,
		Command: x.command(o)}
	if c.Rows == 0 {
		return nil, fmt.Errorf("it has no rows")
	}
	for _, f := range x.fields {
		column := x.column(f.column)
		c.Columns = append(c.Columns, Column{Name: f.name, Type: cmp.Or(f.kind, typeWords(column.Type)), Unit: column.Unit,
			Doc: column.Doc})
	}
	if err := c.trace(ctx, l, x.table.Table+"@"+x.snapshot()); err != nil {
		return nil, err
	}
	return c, c.permit(o.Rights)
}

// permit refuses rows that may not be passed on, unless somebody has the rights.
func (c *Card) permit(rights bool) error {
	if c.Licence != lake.NoRedistribution {
		return nil
	}
	whose := cmp.Or(strings.Join(c.licences(), "; "), "the table says no-redistribution")
	if !rights {
		return fmt.Errorf("%w: %s. Whoever has the rights says so with --i-have-the-rights", ErrNoRights, whose)
	}
	c.Rights = whose + "; exported with --i-have-the-rights"
	return nil
}

// Config is the name under which loaders keep the rows. `datasets` tells local
// folders of the same name apart by nothing else: with a name that stays, it
// would give the rows of an earlier export.
func (c *Card) Config() string {
	parts := []string{c.Layout, c.Style, shortHex(c.Digest)}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "-")
}

// shortHex is the beginning of a digest.
func shortHex(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	return hex[:min(16, len(hex))]
}

// licences names each source with its licence.
func (c *Card) licences() (names []string) {
	for _, s := range c.Sources {
		name := "source " + s.Source + " is under " + cmp.Or(s.Licence, "a licence that nobody recorded")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// add writes a file that has no rows, and lists it.
func (c *Card) add(folder, name string, content []byte) error {
	if err := atomicfile.Write(filepath.Join(folder, name), content, 0o644); err != nil {
		return err
	}
	return c.list(folder, name, 0)
}

// list lists a file that is there.
func (c *Card) list(folder, name string, rows int64) error {
	digest, size, err := sum(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	c.Files = append(c.Files, File{Name: name, SHA256: digest, Bytes: size, Rows: rows})
	return nil
}

// write writes README.md and, last, card.json.
func (c *Card) write(folder string) error {
	var b bytes.Buffer
	if err := readme.Execute(&b, c); err != nil {
		return fmt.Errorf("write card: %w", err)
	}
	if err := c.add(folder, "README.md", b.Bytes()); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(folder, "card.json"), indented(c), 0o644)
}

//go:embed card.md
var cardText string

var cells = strings.NewReplacer("|", `\|`, "\n", " ")

// Cell keeps a text inside its cell of a table in Markdown.
func Cell(text string) string { return cells.Replace(text) }

var readme = template.Must(template.New("card.md").Funcs(template.FuncMap{
	"cell":   Cell,
	"pretty": func(table string) string { return strings.ReplaceAll(table[strings.Index(table, ".")+1:], "_", " ") },
}).Parse(cardText))
