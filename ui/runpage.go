package ui

import (
	stdsql "database/sql"
	"fmt"
	"time"

	"alignctl/lake/duck"
	"alignctl/sql"
)

// A runBody is what the page of a run shows.
type runBody struct {
	ID, Command, Status, Version, By string
	Started                          time.Time
	Ended                            stdsql.Null[time.Time]
	Moved                            []moved

	Report *reportBody // nil: neither a training nor an evaluation
}

// A moved table is one that a run read or wrote.
type moved struct {
	Way, Table, Scope string
	Rows              int64
}

const runSQL = `select command, status, version, run_by, started_at, ended_at from meta.runs where run_id = %s`

// movedSQL is what runs read and wrote, by the tables of the lake's memory.
var movedSQL = map[string]string{
	"meta.inputs":  `select 'read', table_name, scope, rows from meta.inputs where run_id = %s order by all`,
	"meta.outputs": `select 'wrote', table_name, '', max_by(rows, publish) from meta.outputs where run_id = %s group by table_name order by all`,
}

func runPage(v *visit) (page, error) {
	b := runBody{ID: v.PathValue("run")}
	p := page{template: "run", Title: b.ID, Tab: "runs"}
	err := v.session(func(s *sql.Session) (err error) {
		if err = b.fill(v, s); err != nil {
			return err
		}
		reported, err := v.reported(s, b.ID)
		if reported {
			b.Report, err = v.report(s, []string{b.ID})
		}
		return err
	})
	p.Body, p.Live = b, b.Status == "running"
	return p, err
}

func (b *runBody) fill(v *visit, s *sql.Session) error {
	id := duck.Literal(b.ID)
	none := noneError{fmt.Sprintf("there is no run %q", b.ID)}
	if !v.has("meta.runs") {
		return none
	}
	found, err := list(v, s, fmt.Sprintf(runSQL, id), func(r *runBody, rows *sql.Rows) error {
		return rows.Scan(&r.Command, &r.Status, &r.Version, &r.By, &r.Started, &r.Ended)
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return none
	}
	found[0].ID = b.ID
	*b = found[0]
	for _, table := range []string{"meta.inputs", "meta.outputs"} {
		if !v.has(table) {
			continue
		}
		of, err := list(v, s, fmt.Sprintf(movedSQL[table], id), func(m *moved, rows *sql.Rows) error {
			return rows.Scan(&m.Way, &m.Table, &m.Scope, &m.Rows)
		})
		if err != nil {
			return err
		}
		b.Moved = append(b.Moved, of...)
	}
	return nil
}
