package lake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"alignctl/internal/nearest"
)

// A Lineage is how some versions of tables came about: a graph without cycles,
// from what was asked for back to raw files.
type Lineage struct {
	Roots []string `json:"roots"` // ids of the nodes that were asked for
	Nodes []Node   `json:"nodes"` // each after those that it came from
}

// A NodeKind says what a node is.
type NodeKind string

// The kinds of nodes.
const (
	TableKind NodeKind = "table" // a version of a table, or of one scope of it
	RunKind   NodeKind = "run"
	FileKind  NodeKind = "file"  // a raw file
	ModelKind NodeKind = "model" // a model's folder that no run of the lake made
)

// A Node is one link of a Lineage; the member named by its Kind is set.
type Node struct {
	ID    string     `json:"id"`
	Kind  NodeKind   `json:"kind"`
	From  []string   `json:"from,omitempty"` // ids of the nodes that it came from
	Table *TableNode `json:"table,omitempty"`
	Run   *RunNode   `json:"run,omitempty"`
	File  *RawFile   `json:"file,omitempty"`
	Model *ModelNode `json:"model,omitempty"`
}

// A TableNode is a table, or one scope of it, as the run that made it left it.
// A whole table of several scopes is made by no run: it comes from its scopes.
type TableNode struct {
	Table    string `json:"table"`
	Snapshot int64  `json:"snapshot,string"`
	Scope    string `json:"scope,omitempty"` // "": the whole table
	Rows     int64  `json:"rows"`
	Digest   string `json:"digest,omitempty"` // as a table has that holds no other scope
	Run      string `json:"run,omitempty"`
	Publish  int64  `json:"publish,omitempty"` // the lake's version that it came with
	Note     string `json:"note,omitempty"`    // why no run is known
	// Model is what the scope records, where it is a training run's.
	Model *ModelNode `json:"model,omitempty"`
}

// A RunNode is a run, as meta.runs has it.
type RunNode struct {
	ID        string     `json:"run"`
	Command   string     `json:"command"`
	Config    string     `json:"-"`
	Version   string     `json:"version"`
	Source    string     `json:"source,omitempty"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Status    Status     `json:"status"`
}

// A ModelNode is the folder of a model or an adapter.
type ModelNode struct {
	Kind   string `json:"kind"` // base, adapter or merged
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	// DeclaredBy says what it is, where no run of the lake made it; Job is the
	// one by which they say that it was trained elsewhere, "" for none. Nothing
	// proves either.
	DeclaredBy string `json:"declared_by,omitempty"`
	Job        string `json:"job,omitempty"`
}

// Origin is in words where the model comes from, as far as somebody declares
// it; "" where a run of the lake made it.
func (n ModelNode) Origin() string {
	switch {
	case n.DeclaredBy == "":
		return ""
	case n.Job == "":
		return "declared by " + n.DeclaredBy
	}
	return "trained elsewhere, declared by " + n.DeclaredBy + ", not proven"
}

// Node finds a node by its id; nil when there is none.
func (g *Lineage) Node(id string) *Node {
	at := slices.IndexFunc(g.Nodes, func(n Node) bool { return n.ID == id })
	if at < 0 {
		return nil
	}
	return &g.Nodes[at]
}

// Lineage traces a table (TABLE or TABLE@VERSION, a version as Pin takes it;
// data. may be left out) or a run. Of a run it traces all that the run made and all that is kept under
// its id, such as the metrics of an evaluation.
func (l *Lake) Lineage(ctx context.Context, of string) (*Lineage, error) {
	t := &tracer{done: map[string]bool{}}
	err := l.withHistory(ctx, func(h *history) error {
		t.history = h
		return t.asked(ctx, of)
	})
	if err != nil {
		return nil, fmt.Errorf("trace %q: %w", of, err)
	}
	return &t.graph, nil
}

// A tracer follows history backwards. It adds a node when all that the node came
// from is there.
type tracer struct {
	*history
	graph Lineage
	done  map[string]bool // ids of the nodes added
}

func (t *tracer) asked(ctx context.Context, of string) error {
	name, ref, _ := strings.Cut(of, "@")
	switch _, isRun := t.runs[of]; {
	case isRun:
		return t.runAsked(ctx, of)
	case strings.Contains(name, "."):
		return t.tableAsked(ctx, name, ref)
	case t.now.location("data."+name) != "":
		return t.tableAsked(ctx, "data."+name, ref)
	}
	return fmt.Errorf("it is no table and no run%s",
		nearest.Hint(of, append(t.now.names(), slices.Sorted(maps.Keys(t.runs))...)))
}

func (t *tracer) tableAsked(ctx context.Context, table, ref string) error {
	if strings.HasPrefix(table, "meta.") {
		return fmt.Errorf("the meta tables are the record of runs; no run made them")
	}
	pin, err := t.lake.Pin(ctx, table, ref)
	if err != nil {
		return err
	}
	if pin.Snapshot == 0 {
		return fmt.Errorf("the table has no rows yet")
	}
	id, err := t.table(ctx, inputRow{Table: table, Snapshot: pin.Snapshot, Digest: pin.Digest, Rows: pin.Rows})
	t.graph.Roots = []string{id}
	return err
}

// runAsked traces the newest version of each scope that the run made, or that
// has its name.
func (t *tracer) runAsked(ctx context.Context, run string) error {
	for _, name := range slices.Sorted(maps.Keys(t.made)) {
		newest := map[string]snapshotRow{}
		for _, row := range t.made[name] {
			if row.RunID == run || row.Scope == run {
				newest[row.Scope] = row
			}
		}
		maps.DeleteFunc(newest, func(_ string, row snapshotRow) bool { return row.ScopeRows == 0 })
		for _, scope := range slices.Sorted(maps.Keys(newest)) {
			id, err := t.table(ctx, inputRow{Table: name, Snapshot: newest[scope].Snapshot, Scope: scope})
			if err != nil {
				return err
			}
			t.graph.Roots = append(t.graph.Roots, id)
		}
	}
	id, err := t.run(ctx, run)
	if len(t.graph.Roots) == 0 { // all that it wrote was there already
		t.graph.Roots = []string{id}
	}
	return err
}

// add adds a node, once.
func (t *tracer) add(n Node) string {
	if !t.done[n.ID] {
		t.done[n.ID] = true
		t.graph.Nodes = append(t.graph.Nodes, n)
	}
	return n.ID
}

// table adds what a run read: a scope, or a whole table. A table of one scope is
// that scope.
func (t *tracer) table(ctx context.Context, row inputRow) (string, error) {
	found, known, err := t.holdings(ctx, row)
	if err != nil {
		return "", err
	}
	whole := TableNode{Table: row.Table, Snapshot: row.Snapshot, Scope: row.Scope, Digest: row.Digest, Rows: row.Rows}
	if !known {
		whole.Note = "nobody recorded this snapshot"
		return t.add(Node{ID: whole.id(), Kind: TableKind, Table: &whole}), nil
	}
	if row.Scope != "" {
		if one, ok := found[row.Scope]; ok {
			return t.scope(ctx, one)
		}
		whole.Digest, whole.Rows, whole.Note = "", 0, "the scope is empty"
		return t.add(Node{ID: whole.id(), Kind: TableKind, Table: &whole}), nil
	}
	var from []string
	for _, scope := range slices.Sorted(maps.Keys(found)) {
		id, err := t.scope(ctx, found[scope])
		if err != nil {
			return "", err
		}
		from = append(from, id)
	}
	if len(from) == 1 {
		return from[0], nil
	}
	return t.add(Node{ID: whole.id(), Kind: TableKind, Table: &whole, From: from}), nil
}

func (n TableNode) id() string {
	id := Pin{Table: n.Table, Snapshot: n.Snapshot}.String()
	if n.Scope != "" {
		id += "[" + n.Scope + "]"
	}
	return id
}

// scope adds a scope.
func (t *tracer) scope(ctx context.Context, held holding) (id string, err error) {
	if id = held.id(); t.done[id] {
		return id, nil
	}
	node := Node{ID: id, Kind: TableKind, Table: &held.TableNode}
	if node.Table.Digest, err = t.digest(ctx, held); err != nil {
		return "", err
	}
	if held.Run != "" {
		node.From, err = t.origin(ctx, held)
	}
	return t.add(node), err
}

// origin is where a scope came from. A run that reads a table that it wrote, as
// a load does with the raw one, works in two steps: the scopes that it read come
// from the run, the others from these, and from what else it read of that table.
func (t *tracer) origin(ctx context.Context, held holding) (from []string, err error) {
	r, err := t.read(ctx, held.Run)
	if err != nil {
		return nil, err
	}
	first := slices.ContainsFunc(r.own, func(own holding) bool { return own.Table == held.Table })
	if first || len(r.own) == 0 {
		run, err := t.run(ctx, held.Run)
		return []string{run}, err
	}
	for _, own := range r.own {
		id, err := t.scope(ctx, own)
		if err != nil {
			return nil, err
		}
		from = append(from, id)
	}
	for _, row := range r.beside {
		id, err := t.table(ctx, row)
		if err != nil {
			return nil, err
		}
		from = append(from, id)
	}
	return from, nil
}

// reads are the inputs of a run.
type reads struct {
	own    []holding  // that it made itself
	beside []inputRow // other scopes of the tables of own
	others []inputRow
}

// read sorts the inputs of a run.
func (t *tracer) read(ctx context.Context, run string) (r reads, err error) {
	var rest []inputRow
	for _, row := range t.inputs[run] {
		found, _, err := t.holdings(ctx, row)
		if err != nil {
			return r, err
		}
		own := len(r.own)
		var foreign []inputRow
		for _, scope := range slices.Sorted(maps.Keys(found)) {
			if found[scope].Run == run {
				r.own = append(r.own, found[scope])
				continue
			}
			one := row
			one.Scope = scope
			foreign = append(foreign, one)
		}
		if own == len(r.own) && row.Snapshot != 0 { // 0: a table before its first rows
			foreign = []inputRow{row}
		}
		rest = append(rest, foreign...)
	}
	for _, row := range rest {
		if r.isBeside(row) {
			r.beside = append(r.beside, row)
		} else {
			r.others = append(r.others, row)
		}
	}
	return r, nil
}

// isBeside says whether a row is about a table of own, but no scope of own: an
// earlier version of a scope, to which the run adds, is read before own is made.
func (r reads) isBeside(row inputRow) bool {
	scopes := map[string]bool{}
	for _, own := range r.own {
		if own.Table == row.Table {
			scopes[own.Scope] = true
		}
	}
	return len(scopes) > 0 && row.Scope != "" && !scopes[row.Scope]
}

// run adds a run after what it read.
func (t *tracer) run(ctx context.Context, id string) (string, error) {
	node := Node{ID: "run " + id, Kind: RunKind}
	if t.done[node.ID] {
		return node.ID, nil
	}
	inputs, err := t.read(ctx, id)
	if err != nil {
		return "", err
	}
	for _, row := range t.files[id] {
		node.From = append(node.From, t.file(row))
	}
	for _, row := range inputs.others {
		from, err := t.table(ctx, row)
		if err != nil {
			return "", err
		}
		node.From = append(node.From, from)
	}
	row := t.runs[id]
	node.Run = &RunNode{ID: id, Command: row.Command, Config: row.Config, Version: row.Version, Source: row.Source,
		StartedAt: row.StartedAt, EndedAt: row.EndedAt, Status: Status(row.Status)}
	return t.add(node), nil
}

func (t *tracer) file(row fileRow) string {
	return t.add(Node{ID: strings.Join([]string{"file", row.Source, row.Name, row.SHA256, row.Path}, " "), Kind: FileKind,
		File: &RawFile{Source: row.Source, Name: row.Name, SHA256: row.SHA256, Bytes: row.Bytes, Rows: row.Rows,
			Licence: row.Licence, Path: row.Path}})
}
