package prove

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"alignctl/lake"
	"alignctl/sql"
)

// Options say how to run a chain again.
type Options struct {
	Catalogue *sql.Catalogue // of the views that data sets are built by
	Keep      string         // new folder for the scratch lake, which stays; "": a temporary one
	Version   string         // of alignctl
}

// Reproduce makes a table, or all that a run made, again in a scratch lake: the
// runs of its chain, in the order in which they were published, each from what
// the ones before it made. It compares the digest of each scope with the one
// that the lake recorded. What no Replayer makes is stated as recorded, and
// copied from the lake where a later run needs it.
func Reproduce(ctx context.Context, l *lake.Lake, of string, o Options) (_ *Proof, err error) {
	g, err := Explain(ctx, l, of)
	if err != nil {
		return nil, err
	}
	reading, err := l.Session(ctx, nil, lake.SessionOptions{Threads: 1}) // keeps the lake's files
	if err != nil {
		return nil, fmt.Errorf("reproduce %q: %w", of, err)
	}
	defer func() { err = errors.Join(err, reading.Close()) }()
	scratch, leave, err := openScratch(ctx, o.Keep)
	if err != nil {
		return nil, fmt.Errorf("reproduce %q: %w", of, err)
	}
	defer func() { err = errors.Join(err, leave()) }()
	p := &prover{lake: l, scratch: newScratch(l, scratch), graph: g, version: o.Version, proof: &Proof{},
		replayers: []Replayer{swowReplayer{}, strengthReplayer{}, normsReplayer{}, lemmaReplayer{}, wvsReplayer{},
			dataReplayer{o.Catalogue}}}
	if err := p.prove(ctx); err != nil {
		return nil, fmt.Errorf("reproduce %q: %w", of, err)
	}
	return p.proof, nil
}

// openScratch makes the scratch lake; leave closes it, and removes it unless it
// is to be kept.
func openScratch(ctx context.Context, keep string) (_ *lake.Lake, leave func() error, err error) {
	dir, remove := keep, func() error { return nil }
	if keep == "" {
		temporary, err := os.MkdirTemp("", "alignctl-reproduce-*")
		if err != nil {
			return nil, nil, err
		}
		dir, remove = filepath.Join(temporary, "lake"), func() error { return os.RemoveAll(temporary) }
	}
	l, err := lake.Init(ctx, dir)
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	return l, func() error { return errors.Join(l.Close(), remove()) }, nil
}

// A prover runs one chain again.
type prover struct {
	lake      *lake.Lake
	scratch   *scratch
	graph     *lake.Lineage
	version   string
	replayers []Replayer
	proof     *Proof
}

func (p *prover) prove(ctx context.Context) error {
	p.stateOutside()
	for _, run := range p.runs() {
		if err := p.again(ctx, run); err != nil {
			return err
		}
	}
	return nil
}

// made is a run of the chain with the scopes that it made, in the order in
// which it made them.
type made struct {
	node   *lake.Node
	scopes []*lake.TableNode
}

// runs are the runs of the chain in the order of their publishes.
func (p *prover) runs() []made {
	byID := map[string]*made{}
	var runs []*made
	for i := range p.graph.Nodes {
		n := &p.graph.Nodes[i]
		switch {
		case n.Run != nil:
			byID[n.Run.ID] = &made{node: n}
			runs = append(runs, byID[n.Run.ID])
		case n.Table != nil && n.Table.Run != "":
			byID[n.Table.Run].scopes = append(byID[n.Table.Run].scopes, n.Table)
		}
	}
	runs = slices.DeleteFunc(runs, func(m *made) bool { return len(m.scopes) == 0 })
	slices.SortStableFunc(runs, func(a, b *made) int { return cmp.Compare(a.publish(), b.publish()) })
	out := make([]made, len(runs))
	for i, m := range runs {
		out[i] = *m
	}
	return out
}

func (m *made) publish() int64 { return m.scopes[0].Publish }

// stateOutside lists what no run of the lake made.
func (p *prover) stateOutside() {
	for i := range p.graph.Nodes {
		switch n := &p.graph.Nodes[i]; {
		case n.Model != nil:
			link := Link{Kind: "model", Name: n.Model.Path, Recorded: "sha256:" + strings.TrimPrefix(n.Model.SHA256, "sha256:")}
			p.add(link.without(NotRebuilt, "it came from outside the lake"))
		case n.Table != nil && n.Table.Note != "":
			p.add(tableLink(n.Table).without(NotRebuilt, n.Table.Note))
		}
	}
}

func (p *prover) add(links ...Link) { p.proof.Links = append(p.proof.Links, links...) }

// again makes a run again, if something does, and compares what it made.
func (p *prover) again(ctx context.Context, m made) error {
	at := slices.IndexFunc(p.replayers, func(r Replayer) bool { return r.Made(m.node.Run) })
	if at < 0 {
		p.skip(m, NotRebuilt, whyNot(m))
		return nil
	}
	replayed, err := p.replay(ctx, p.replayers[at], m)
	p.add(replayed.Links...)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		p.skip(m, Failed, err.Error())
		return nil
	}
	for _, n := range m.scopes {
		if err := p.compare(ctx, n, m.node.Run, replayed.FileIDs); err != nil {
			return err
		}
	}
	return nil
}

// whyNot says why nothing makes a run again.
func whyNot(m made) string {
	table := m.scopes[0]
	if table.Model != nil && table.Model.Origin() != "" {
		return table.Model.Origin()
	}
	switch schema, name, _ := strings.Cut(table.Table, "."); {
	case schema == "train" && name == "jobs":
		return "it says what was handed over"
	case schema == "train":
		return "training"
	case schema == "eval":
		return "evaluation"
	}
	return "nothing here makes such a run again"
}

// skip states what a run made as recorded.
func (p *prover) skip(m made, v Verdict, reason string) {
	for _, n := range m.scopes {
		p.add(tableLink(n).without(v, reason))
	}
}

func (p *prover) replay(ctx context.Context, r Replayer, m made) (Replayed, error) {
	job := &Job{Lake: p.lake, Scratch: p.scratch.lake, Run: m.node.Run, Tables: m.scopes, Version: p.version}
	for _, id := range m.node.From {
		if n := p.graph.Node(id); n.File != nil {
			job.Files = append(job.Files, n.File)
		}
	}
	inputs := p.inputs(m)
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		job.Tables = append(slices.Clone(job.Tables), inputs[name]...)
		if err := p.scratch.provide(ctx, inputs[name]); err != nil {
			return Replayed{}, err
		}
	}
	job.Inputs = func(scopes map[string]string) (lake.Pins, error) { return p.scratch.pins(inputs, scopes) }
	replayed, err := r.Replay(ctx, job)
	return replayed, errors.Join(err, p.scratch.note(ctx))
}

// inputs are the scopes that a run, and what it made, came from, by table; those
// that it made itself left out.
func (p *prover) inputs(m made) map[string][]*lake.TableNode {
	inputs := map[string][]*lake.TableNode{}
	from := slices.Clone(m.node.From)
	for i := range p.graph.Nodes {
		if n := &p.graph.Nodes[i]; n.Table != nil && n.Table.Run == m.node.Run.ID {
			from = append(from, n.From...)
		}
	}
	slices.Sort(from)
	for _, id := range slices.Compact(from) {
		if n := p.graph.Node(id); n.Table != nil && n.Table.Run != m.node.Run.ID {
			inputs[n.Table.Table] = append(inputs[n.Table.Table], p.scopes(n)...)
		}
	}
	return inputs
}

// scopes are the scopes of a table node: itself, or those that it consists of.
func (p *prover) scopes(n *lake.Node) (scopes []*lake.TableNode) {
	for _, id := range n.From {
		if from := p.graph.Node(id); from.Table != nil && from.Table.Table == n.Table.Table && n.Table.Run == "" {
			scopes = append(scopes, from.Table)
		}
	}
	if len(scopes) == 0 {
		return []*lake.TableNode{n.Table}
	}
	return scopes
}

// compare sets a scope beside what the scratch lake holds now.
func (p *prover) compare(ctx context.Context, n *lake.TableNode, run *lake.RunNode, fileIDs map[string]string) (
	err error) {
	rebuilt := p.scratch.rebuilt(n)
	link := tableLink(n).compare(rebuilt.Digest)
	if link.Verdict == Differs && run.Version != p.version {
		link.Reason = fmt.Sprintf("made by alignctl %s, again by %s", run.Version, p.version)
	}
	if p.add(link); link.Verdict == Differs && p.proof.First == nil {
		p.proof.First, err = p.difference(ctx, n, rebuilt, fileIDs)
	}
	if err != nil && ctx.Err() == nil { // such as: the recorded rows have expired
		p.proof.First, err = &Difference{Table: n.Table, Scope: n.Scope, Unknown: err.Error()}, nil
	}
	return err
}
