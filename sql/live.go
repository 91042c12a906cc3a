package sql

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// makeViews makes the views under core and eval, each as soon as what it reads is there:
// some read others. What a view lacks is told to whoever names it.
func (s *Session) makeViews(ctx context.Context) error {
	catalogue, err := LoadCatalogue("")
	if err != nil {
		return err
	}
	s.lacking = map[string]string{}
	open := slices.DeleteFunc(catalogue.live, func(v *View) bool { return slices.Contains(s.tables, v.Name) })
	for made := true; made; {
		made = false
		for _, v := range slices.Clone(open) {
			ok, err := s.makeView(ctx, v)
			if err != nil {
				return err
			}
			if ok {
				made, open = true, slices.DeleteFunc(open, func(o *View) bool { return o == v })
			}
		}
	}
	return nil
}

// makeView makes one view; ok is false when it lacks a table.
func (s *Session) makeView(ctx context.Context, v *View) (ok bool, err error) {
	query := v.Query
	if o := v.Optional; o != nil && !slices.Contains(s.tables, o.Table) {
		query.SQL = o.replaceIn(query.SQL)
	}
	read, err := (&analyser{session: s.session, file: v.File}).statement(ctx, query)
	if err != nil {
		return false, err
	}
	for _, table := range read.tables {
		if !slices.Contains(s.tables, table) && !s.stands(table) {
			s.lacking[v.Name] = fmt.Sprintf("view %q reads %q, which the lake doesn't have", v.Name, table)
			return false, nil
		}
	}
	delete(s.lacking, v.Name)
	if err := s.session.Exec(ctx, "create view "+v.Name+" as "+query.SQL); err != nil {
		// Such as a table that another engine has given other columns: it must keep nobody from the rest.
		s.lacking[v.Name] = fmt.Sprintf("view %q can't read what the lake has: %v", v.Name, err)
		return false, nil
	}
	s.live = append(s.live, v)
	return true, nil
}

func (s *Session) stands(view string) bool {
	return slices.ContainsFunc(s.live, func(v *View) bool { return v.Name == view })
}

// Views are the views under core and eval that stand in the session.
func (s *Session) Views() []*View { return slices.Clone(s.live) }

// replaceIn puts an empty table in the place of the one that isn't there.
func (o *Optional) replaceIn(query string) string {
	columns := make([]string, len(o.Columns))
	for i, column := range o.Columns {
		columns[i] = "cast(null as varchar) as " + column
	}
	name := regexp.MustCompile(`\b` + regexp.QuoteMeta(o.Table) + `\b`)
	return name.ReplaceAllLiteralString(query, "(select "+strings.Join(columns, ", ")+" limit 0)")
}
