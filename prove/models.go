package prove

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/lake"
)

// Explain traces a table or a run, as [lake.Lake.Lineage] does, and says which
// models its runs made or used. A model that no run of the lake made is a node
// of its own, with its folder.
func Explain(ctx context.Context, l *lake.Lake, of string) (*lake.Lineage, error) {
	g, err := l.Lineage(ctx, of)
	if err != nil {
		return nil, err
	}
	m, err := readModels(ctx, l)
	if err != nil {
		return nil, fmt.Errorf("trace %q: %w", of, err)
	}
	m.annotate(g)
	return g, nil
}

const modelsTable = "train.models"

// models are what training and evaluation recorded, by run.
type models struct {
	made map[string]lake.ModelNode
	used map[string][]lake.ModelNode
}

// usedQueries give run, kind, folder and sha256 of the models that runs used,
// and no declaration.
var usedQueries = map[string]string{
	"train.runs": "select run_id, 'base', base_path, base_sha256, '', '' from train.runs",
	"train.jobs": "select job_id, 'base', base_path, base_sha256, '', '' from train.jobs",
	"eval.runs": `select run_id, 'base', model_path, model_sha256, '', '' from eval.runs where model_path <> ''
		union all select run_id, 'adapter', adapter_path, adapter_sha256, '', '' from eval.runs where adapter_path is not null
		order by all`,
}

// madeQuery gives the same of the models that runs recorded, with who declares
// what; a table of an older version lacks that.
const madeQuery = `
	select run_id, kind, path, sha256, coalesce(declared_by, ''), coalesce(job_id, '')
	from (select * from train.models union all by name
		select * from (select null::varchar as declared_by, null::varchar as job_id) where false)
	order by all desc`

func readModels(ctx context.Context, l *lake.Lake) (m models, err error) {
	m = models{made: map[string]lake.ModelNode{}, used: map[string][]lake.ModelNode{}}
	pins, err := l.At(ctx, "")
	if err != nil {
		return m, err
	}
	session, err := l.Session(ctx, only(pins, modelsTable, "train.runs", "train.jobs", "eval.runs"), lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	if _, ok := pins[modelsTable]; ok {
		if err := eachModel(ctx, session, madeQuery, func(run string, n lake.ModelNode) { m.made[run] = n }); err != nil {
			return m, err
		}
	}
	for table, query := range usedQueries {
		if _, ok := pins[table]; !ok {
			continue
		}
		err := eachModel(ctx, session, query, func(run string, n lake.ModelNode) { m.used[run] = append(m.used[run], n) })
		if err != nil {
			return m, err
		}
	}
	return m, nil
}

// only are the pins of the named tables.
func only(pins lake.Pins, names ...string) lake.Pins {
	some := lake.Pins{}
	for _, name := range names {
		if pin, ok := pins[name]; ok {
			some[name] = pin
		}
	}
	return some
}

func eachModel(ctx context.Context, s *lake.Session, query string, visit func(run string, n lake.ModelNode)) error {
	return eachRow(ctx, s, query, func(rows *sql.Rows) error {
		var run string
		var n lake.ModelNode
		err := rows.Scan(&run, &n.Kind, &n.Path, &n.SHA256, &n.DeclaredBy, &n.Job)
		visit(run, n)
		return err
	})
}

// eachRow scans the rows of a query one by one.
func eachRow(ctx context.Context, s *lake.Session, query string, scan func(*sql.Rows) error) error {
	rows, err := s.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// tellsOf says whether rows of a table tell of a model: those of train.models
// do, and where it was trained elsewhere those of its training.
func (m models) tellsOf(t *lake.TableNode) bool {
	model, ok := m.made[t.Scope]
	return ok && (t.Table == modelsTable || model.Job != "" && strings.HasPrefix(t.Table, "train."))
}

// annotate puts the models into a lineage.
func (m models) annotate(g *lake.Lineage) {
	made := map[string]string{} // sha256 by node
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Table == nil || !m.tellsOf(n.Table) {
			continue
		}
		model := m.made[n.Table.Scope]
		n.Table.Model = &model
		if n.Table.Table == modelsTable {
			made[n.ID] = model.SHA256
		}
	}
	var outside []lake.Node
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Run == nil {
			continue
		}
		for _, model := range m.used[n.Run.ID] {
			if slices.ContainsFunc(n.From, func(id string) bool { return made[id] == model.SHA256 }) {
				continue
			}
			leaf := lake.Node{ID: "model " + model.Path + " " + model.SHA256, Kind: lake.ModelKind, Model: &model}
			n.From = append(n.From, leaf.ID)
			if !slices.ContainsFunc(outside, func(o lake.Node) bool { return o.ID == leaf.ID }) {
				outside = append(outside, leaf)
			}
		}
	}
	g.Nodes = append(outside, g.Nodes...)
}
