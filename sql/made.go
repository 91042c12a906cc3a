package sql

import (
	"context"
	"fmt"

	"alignctl/lake"
)

// Made tells how a data set came to be, as it is at a version of the lake ("" is
// now): its snapshot, the run that made it, and its recipe.
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
	now, err := l.At(ctx, "")
	if err != nil {
		return Built{}, err
	}
	session, err := l.Session(ctx, lineage(now), lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return Built{}, err
	}
	defer session.Close()
	m, err := madeBy(ctx, session, pin)
	if err == nil && m.run == "" {
		err = fmt.Errorf("no run of alignctl data build is recorded for %s at snapshot %d", view.Name, pin.Snapshot)
	}
	return Built{Pin: pin, Recipe: m.recipe, Run: m.run}, err
}

// lineage are the pins of the tables that madeBy reads. Views of the others
// would only cost time.
func lineage(pins lake.Pins) lake.Pins {
	picked := lake.Pins{}
	for _, table := range []string{"meta.runs", "meta.outputs"} {
		if pin, found := pins[table]; found {
			picked[table] = pin
		}
	}
	return picked
}

// A maker is the run that wrote a data set, and its recipe.
type maker struct {
	run    string
	recipe Recipe
}

// madeBy finds the last run that gave a data set this content; none when no
// build did.
func madeBy(ctx context.Context, s *lake.Session, of lake.Pin) (m maker, err error) {
	const last = `
		SELECT run_id, config
		FROM meta.outputs JOIN meta.runs USING (run_id)
		WHERE table_name = ? AND snapshot_id = ? AND json_extract_string(config, '$.recipe') IS NOT NULL
		ORDER BY run_id DESC
		LIMIT 1`
	rows, err := s.Query(ctx, last, of.Table, of.Snapshot)
	if err != nil {
		return m, fmt.Errorf("look up recipe of %s: %w", of.Table, err)
	}
	defer rows.Close()
	if !rows.Next() {
		return m, rows.Err()
	}
	var config string
	if err := rows.Scan(&m.run, &config); err != nil {
		return m, fmt.Errorf("look up recipe of %s: %w", of.Table, err)
	}
	if m.recipe, err = ParseRecipe(config); err != nil {
		return m, fmt.Errorf("run %s: %w", m.run, err)
	}
	return m, nil
}
