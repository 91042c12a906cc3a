package export

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"alignctl/lake"
	"alignctl/sql"
)

// A Source is a raw file that rows come from.
type Source struct {
	Source  string `json:"source"`
	Name    string `json:"name"`
	SHA256  string `json:"sha256"` // hex
	Licence string `json:"licence"`
}

// A Build is how a data set, or one scope of it, was built. Command does it
// again.
type Build struct {
	Scope string `json:"scope,omitempty"`
	sql.Recipe
	Command string `json:"command"`
}

// trace finds builds and sources in the lineage of a table.
func (c *Card) trace(ctx context.Context, l *lake.Lake, ref string) error {
	g, err := l.Lineage(ctx, ref)
	if err != nil {
		return err
	}
	for _, n := range g.Nodes {
		if n.Kind == lake.FileKind {
			c.Sources = append(c.Sources, Source{Source: n.File.Source, Name: n.File.Name, SHA256: n.File.SHA256,
				Licence: n.File.Licence})
		}
	}
	slices.SortFunc(c.Sources, func(a, b Source) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Name, b.Name), cmp.Compare(a.SHA256, b.SHA256))
	})
	c.Sources = slices.Compact(c.Sources)
	for _, id := range g.Roots {
		if err := c.traceRoot(g, g.Node(id)); err != nil {
			return err
		}
	}
	return nil
}

// traceRoot adds the build of a table, or those of its scopes.
func (c *Card) traceRoot(g *lake.Lineage, root *lake.Node) error {
	if root.Table.Run != "" {
		return c.addBuild(g, root.Table)
	}
	for _, id := range root.From {
		if scope := g.Node(id); scope.Kind == lake.TableKind && scope.Table.Table == root.Table.Table {
			if err := c.addBuild(g, scope.Table); err != nil {
				return err
			}
		}
	}
	return nil
}

// addBuild adds the recipe by which a run made a table; a load has none.
func (c *Card) addBuild(g *lake.Lineage, table *lake.TableNode) error {
	run := g.Node("run " + table.Run)
	if run == nil {
		return nil
	}
	var config struct {
		View any `json:"view"`
	}
	if err := json.Unmarshal([]byte(run.Run.Config), &config); err != nil || config.View != table.Table {
		return err
	}
	b := Build{Scope: table.Scope}
	decoder := json.NewDecoder(strings.NewReader(run.Run.Config))
	decoder.UseNumber() // a seed stays what it is
	if err := decoder.Decode(&b.Recipe); err != nil {
		return fmt.Errorf("read the configuration of run %s: %w", table.Run, err)
	}
	b.Command = buildCommand(b.Recipe)
	c.Builds = append(c.Builds, b)
	return nil
}

// buildCommand is the command line that builds a recipe.
func buildCommand(r sql.Recipe) string {
	words := []string{"alignctl", "data", "build"}
	for _, name := range slices.Sorted(maps.Keys(r.Params)) {
		words = append(words, "--set", ShellWord(fmt.Sprintf("%s=%v", name, r.Params[name])))
	}
	return strings.Join(append(words, r.View), " ")
}

// ShellWord quotes a word that a shell would read otherwise.
func ShellWord(word string) string {
	if word == "" || strings.ContainsAny(word, " \t\n'\"\\$`*?[]{}()<>|&;#~!") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

// sum is a file's sha256 in hex, and its size in bytes.
func sum(path string) (digest string, size int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	if err != nil {
		return "", 0, fmt.Errorf("read file %q: %w", path, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), size, nil
}
