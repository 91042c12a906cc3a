package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"alignctl/internal/chart"
)

// ancestryQuery are the runs that the report's runs rest on, made from what each
// run read, and from which run had made that, scope by scope.
const ancestryQuery = `with recursive state as (
  select table_name, snapshot_id, max(sequence) as sequence from meta.snapshots group by table_name, snapshot_id
),
candidate as (
  select i.run_id, i.table_name, m.scope, m.run_id as made_by, i.snapshot_id, s.sequence, i.digest, i.rows,
    row_number() over (partition by i.run_id, i.table_name, i.scope, m.scope order by m.sequence desc) as age
  from meta.inputs i
  join state s on s.table_name = i.table_name and s.snapshot_id = i.snapshot_id
  join meta.snapshots m on m.table_name = i.table_name and m.sequence <= s.sequence and i.scope in ('', m.scope)
),
read as (
  select distinct run_id, table_name, scope, made_by, snapshot_id, sequence, digest, rows from candidate where age = 1
),
about as (
  select distinct run_id from meta.snapshots where scope in %s
),
ancestor as (
  select run_id from about
  union
  select r.made_by as run_id from read r join ancestor a on a.run_id = r.run_id
)
`

func (s *Subject) ancestry() string { return fmt.Sprintf(ancestryQuery, list(s.runs())) }

// runs are all that the report is about.
func (s *Subject) runs() []string { return slices.Concat(s.Evaluations, s.Trainings) }

// filesQuery gives the raw files that the runs rest on.
func (s *Subject) filesQuery() string {
	return s.ancestry() + `select distinct f.source, f.name, f.rows, f.bytes, f.sha256, f.licence
from meta.files f join ancestor a on a.run_id = f.run_id
order by f.source, f.name, f.sha256`
}

// edgesQuery goes after the ancestry: what each run read beside what it wrote, of
// that what the runs, %s, rest on.
const edgesQuery = `select distinct r.table_name as from_table, r.scope as from_scope, m.table_name as to_table, m.scope as to_scope, u.run_id, u.command,
  v.started_at as made_at, u.started_at as read_at
from read r
join ancestor a on a.run_id = r.run_id
join meta.snapshots m on m.run_id = r.run_id
join meta.runs u on u.run_id = r.run_id
join meta.runs v on v.run_id = r.made_by
where m.scope in %s or exists (
  select 1 from read q join ancestor b on b.run_id = q.run_id where q.made_by = m.run_id and q.table_name = m.table_name and q.scope = m.scope)
order by read_at, u.run_id, made_at, from_table, from_scope, to_table, to_scope`

// versionsQuery goes after the ancestry.
const versionsQuery = `select r.table_name, r.snapshot_id, r.digest, r.rows, count(distinct r.run_id) as read_by_runs
from read r join ancestor a on a.run_id = r.run_id
where r.table_name not like 'eval.%'
group by r.table_name, r.snapshot_id, r.sequence, r.digest, r.rows
order by r.table_name, r.sequence`

// lineage says what the figures rest on.
func (s *Subject) lineage(ctx context.Context) ([]Section, error) {
	graph := Section{ID: "lineage", Title: "Lineage",
		Note: "From raw files on the left to the evaluations of this report on the right. A line is a run of alignctl that read the one and wrote " +
			"the other; what follows from other lines is left out. alignctl lake reproduce makes all of it again and compares.",
		SQL: s.ancestry() + fmt.Sprintf(edgesQuery, list(s.runs()))}
	versions := Section{ID: "versions", Title: "Versions of tables", Note: "The tables that were read on the way, with the digest of their content.",
		SQL: s.ancestry() + versionsQuery}
	files := Section{ID: "files", Title: "Raw files", Note: "What was loaded, with the licence that whoever loaded it gave.", SQL: s.filesQuery()}
	summary := func(to *Section) { to.Summary = to.Table }
	return s.fill(ctx, drawn{graph, func(to *Section) { to.Figures = []chart.Figure{s.graph(to.Table)} }},
		drawn{versions, summary}, drawn{files, summary})
}

// graph draws what came from what, tables without their versions. That an
// evaluation was compared with another isn't where it comes from.
func (s *Subject) graph(t *Table) chart.Figure {
	f := chart.Graph{Text: chart.Text{Title: "Lineage of the runs"}}
	for _, r := range t.rows() {
		from, to := s.node(r.text("from_table"), r.text("from_scope")), s.node(r.text("to_table"), r.text("to_scope"))
		for _, n := range []chart.Node{from, to} {
			if !slices.ContainsFunc(f.Nodes, func(have chart.Node) bool { return have.ID == n.ID }) {
				f.Nodes = append(f.Nodes, n)
			}
		}
		e := chart.Edge{From: from.ID, To: to.ID}
		if compared := isEvaluation(from) && isEvaluation(to); from.ID != to.ID && !compared && !slices.Contains(f.Edges, e) {
			f.Edges = append(f.Edges, e)
		}
	}
	f.Edges = chart.Direct(f.Edges)
	f.Desc = fmt.Sprintf("%d sources, tables, models and evaluations in layers, each after what it came from.", len(f.Nodes))
	return f
}

func isEvaluation(n chart.Node) bool { return strings.HasPrefix(n.ID, "evaluation ") }

// node is what a table, or a scope of it, is in the graph: a source, a table, a
// model that was trained, an evaluation.
func (s *Subject) node(table, scope string) chart.Node {
	schema, _, _ := strings.Cut(table, ".")
	switch schema {
	case "raw":
		return chart.Node{ID: "source " + scope, Label: scope, Detail: "raw files", Style: chart.Reference}
	case "train":
		return chart.Node{ID: "model " + scope, Label: s.label(scope), Detail: "trained model", Style: 2}
	case "eval":
		return chart.Node{ID: "evaluation " + scope, Label: s.label(scope), Detail: s.kinds[scope], Style: 0}
	case "data":
		return chart.Node{ID: table, Label: table, Detail: "data set", Style: 1}
	}
	return chart.Node{ID: table, Label: table, Detail: "table", Style: 1}
}
