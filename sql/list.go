package sql

import (
	"context"
	"fmt"

	"alignctl/lake"
)

// A Listing is a view of the catalogue and what the lake holds of it.
type Listing struct {
	View  *View
	Built bool
	Pin   lake.Pin // of the table's current snapshot, when built
}

// List gives every view, by name.
func (c *Catalogue) List(ctx context.Context, l *lake.Lake) ([]Listing, error) {
	now, err := l.At(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("list data sets: %w", err)
	}
	listings := make([]Listing, len(c.views))
	for i, v := range c.views {
		pin, built := now[v.Name]
		listings[i] = Listing{View: v, Built: built, Pin: pin}
	}
	return listings, nil
}
