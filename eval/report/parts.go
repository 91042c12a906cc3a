package report

import (
	"context"
	"fmt"

	"alignctl/internal/chart"
)

// A Part makes sections that belong together.
type Part struct {
	ID    string
	Title string
	make  func(*Subject, context.Context) ([]Section, error)
}

// Parts are those of a report, in its order.
func Parts() []Part {
	return []Part{
		{"short", "In short", (*Subject).short},
		{"compared", "What was compared", (*Subject).compared},
		{"associations", "Associations", (*Subject).associations},
		{"differences", "Differences", (*Subject).differences},
		{"norms", "Norms", (*Subject).norms},
		{"survey", "World Values Survey", (*Subject).survey},
		{"answers", "Answers side by side", (*Subject).answers},
		{"training", "Training", (*Subject).training},
		{"lineage", "Where it comes from", (*Subject).lineage},
	}
}

// Sections makes the sections of all parts.
func (s *Subject) Sections(ctx context.Context) (all []Section, err error) {
	for _, p := range Parts() {
		sections, err := s.Make(ctx, p)
		if err != nil {
			return nil, err
		}
		all = append(all, sections...)
	}
	return all, nil
}

// Make makes the sections of one part: none where there is nothing to show.
func (s *Subject) Make(ctx context.Context, p Part) ([]Section, error) {
	sections, err := p.make(s, ctx)
	if err != nil {
		return nil, fmt.Errorf("report %s: %w", p.ID, err)
	}
	for i := range sections {
		sections[i].Part = p.Title
	}
	return sections, nil
}

// show fills a section with the rows of its query; ok is false where it has none.
func (s *Subject) show(ctx context.Context, section *Section) (ok bool, err error) {
	section.Table, err = s.lake.Query(ctx, section.SQL)
	if err != nil {
		return false, fmt.Errorf("section %s: %w", section.ID, err)
	}
	return len(section.Table.Rows) > 0, nil
}

// A drawn section is made from its query's rows.
type drawn struct {
	Section
	draw func(*Section) // makes figures, or what stands in their place, of the table
}

// fill makes sections, leaving out those without rows.
func (s *Subject) fill(ctx context.Context, all ...drawn) (sections []Section, err error) {
	for _, one := range all {
		ok, err := s.show(ctx, &one.Section)
		if err != nil {
			return nil, err
		}
		if ok {
			one.draw(&one.Section)
			sections = append(sections, one.Section)
		}
	}
	return sections, nil
}

// each draws figures for each group of a section's rows that have the same in
// some columns.
func each(columns []string, draw func([]row) []chart.Figure) func(*Section) {
	return func(section *Section) {
		for _, rows := range group(section.Table.rows(), columns...) {
			section.Figures = append(section.Figures, draw(rows)...)
		}
	}
}

// has says whether the lake has all of some tables.
func (s *Subject) has(tables ...string) bool {
	for _, t := range tables {
		if !s.lake.Has(t) {
			return false
		}
	}
	return true
}
