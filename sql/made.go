package sql

import (
	"context"
	"fmt"

	"alignctl/lake"
)

// Made tells how a data set came to be, as it is at a version of the lake ("" is
// now): its snapshot, the run that made it, and its recipe. Of a data set with
// scopes that is the one that was built last.
func (c *Catalogue) Made(ctx context.Context, l *lake.Lake, name, at string) (Built, error) {
	view, err := c.View(name)
	if err != nil {
		return Built{}, err
	}
	pins, err := l.At(ctx, at)
	if err != nil {
		return Built{}, err
	}
	pin, built := pins[view.Name]
	if !built {
		return Built{}, fmt.Errorf("data set %s is not built: run alignctl data build %s", view.Name, view.Name)
	}
	return c.MadeAt(ctx, l, pin)
}

// MadeAt tells how a data set came to be, as it is at a snapshot.
func (c *Catalogue) MadeAt(ctx context.Context, l *lake.Lake, pin lake.Pin) (Built, error) {
	view, err := c.View(pin.Table)
	if err != nil {
		return Built{}, err
	}
	session, err := recordOf(ctx, l)
	if err != nil {
		return Built{}, err
	}
	defer session.Close()
	makers, err := pinned{l, lake.Pins{pin.Table: pin}}.made(ctx, session, view, "")
	if err != nil {
		return Built{}, err
	}
	last := newest(makers)
	if last.run == "" {
		return Built{}, fmt.Errorf("no run of alignctl data build is recorded for %s at snapshot %d", view.Name, pin.Snapshot)
	}
	return Built{Pin: pin, Scope: view.scopeIn(last.recipe.Params), Recipe: last.recipe, Run: last.run}, nil
}

// recordOf opens a session over the record of the lake's runs. Views of other
// tables would only cost time.
func recordOf(ctx context.Context, l *lake.Lake) (*lake.Session, error) {
	now, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	record := lake.Pins{}
	for _, table := range []string{"meta.runs", "meta.outputs"} {
		if pin, found := now[table]; found {
			record[table] = pin
		}
	}
	return l.Session(ctx, record, lake.SessionOptions{ReadOnly: true})
}

// A maker is the build that made what a data set, or a scope of it, holds. It is
// empty where no build did.
type maker struct {
	run     string
	recipe  Recipe
	publish int64 // orders builds
}

func newest(makers []maker) (last maker) {
	for _, m := range makers {
		if m.publish > last.publish {
			last = m
		}
	}
	return last
}

// made finds who made what each scope of a data set holds, or one of them.
func (p pinned) made(ctx context.Context, record *lake.Session, v *View, scope string) (makers []maker, err error) {
	held, err := p.scopes(ctx, v.Name)
	if err != nil {
		return nil, err
	}
	for _, n := range held {
		if scope != "" && n.Scope != scope {
			continue
		}
		m, err := p.maker(ctx, record, v, n)
		if err != nil {
			return nil, fmt.Errorf("look up recipe of %s: %w", named(v.Name, n.Scope), err)
		}
		makers = append(makers, m)
	}
	return makers, nil
}

// maker is the last build of a scope until then, unless another run, or another
// engine, changed it since. A build that gave the same content again counts.
func (p pinned) maker(ctx context.Context, record *lake.Session, v *View, held lake.TableNode) (m maker, err error) {
	if held.Run == "" {
		return m, nil
	}
	query := `SELECT run_id, publish, config
		FROM meta.outputs JOIN meta.runs USING (run_id)
		WHERE table_name = $1 AND json_extract_string(config, '$.view') = table_name
			-- A snapshot without a publish is another engine's, or newer than this record.
			AND publish BETWEEN $2 AND coalesce(
				(SELECT max(publish) FROM meta.outputs WHERE table_name = $1 AND snapshot_id = $3), 9223372036854775807)`
	args := []any{v.Name, held.Publish, p.pins[v.Name].Snapshot}
	if v.Scope != "" && held.Scope != "" {
		query += ` AND json_extract_string(config, '$.params.` + v.Scope + `') = $4`
		args = append(args, held.Scope)
	}
	rows, err := record.Query(ctx, query+" ORDER BY publish DESC LIMIT 1", args...)
	if err != nil {
		return m, err
	}
	defer rows.Close()
	if !rows.Next() {
		return m, rows.Err()
	}
	var config string
	if err := rows.Scan(&m.run, &m.publish, &config); err != nil {
		return m, err
	}
	m.recipe, err = ParseRecipe(config)
	return m, err
}
