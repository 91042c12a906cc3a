package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"alignctl/internal/nearest"
)

// ErrTagExists says that a tag names a version already: tags don't move by
// accident.
var ErrTagExists = errors.New("the tag exists")

// tagName is what a tag may look like: it stands bare in SQL after an @, and is
// never taken for a time, a run id or a snapshot id.
var tagName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*$`)

// nowName is the current version, so no tag has it.
const nowName = "now"

// A Tag is a version of the lake that has a name.
type Tag struct {
	Name    string
	Created time.Time
	Run     string // the run that made it
	Pins    Pins
}

// tagging is a run's change of one tag.
type tagging struct {
	name  string
	pins  Pins // nil: the tag goes
	force bool // an existing tag moves
}

// Tag gives the pinned version of the lake a name, in one transaction: a row of
// meta.tags for each table, and a tag of Iceberg on each, by which other
// engines find the version, and which keeps its snapshots from expiry. An
// existing tag is ErrTagExists unless force.
func (l *Lake) Tag(ctx context.Context, name string, pins Pins, force bool, info RunInfo) error {
	if !tagName.MatchString(name) || name == nowName {
		return fmt.Errorf("tag %q: a tag is a letter, then letters, digits, dots, dashes and underscores", name)
	}
	named := Pins{}
	for table, pin := range pins {
		if !isMeta(table) {
			named[table] = pin
		}
	}
	if len(named) == 0 {
		return fmt.Errorf("tag %q: the lake has no tables to name", name)
	}
	return l.changeTag(ctx, tagging{name: name, pins: named, force: force}, info)
}

// Untag takes a name away; the version stays until gc expires it.
func (l *Lake) Untag(ctx context.Context, name string, info RunInfo) error {
	return l.changeTag(ctx, tagging{name: name}, info)
}

func (l *Lake) changeTag(ctx context.Context, t tagging, info RunInfo) (err error) {
	r, err := l.Begin(ctx, info)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	r.tagging = &t
	_, err = r.Publish(ctx, Done)
	return err
}

// Tags lists the tags, oldest first.
func (l *Lake) Tags(ctx context.Context) (tags []Tag, err error) {
	err = l.reading(ctx, func(now *version) error {
		rows, err := l.tagRows(ctx, now)
		tags = tagsOf(rows)
		return err
	})
	return tags, err
}

func (l *Lake) tagRows(ctx context.Context, on *version) ([]tagRow, error) {
	return readMetaTable[tagRow](ctx, l, on, "meta.tags")
}

func tagsOf(rows []tagRow) []Tag {
	byName := map[string]Tag{}
	for _, row := range rows {
		tag, ok := byName[row.Tag]
		if !ok {
			tag = Tag{Name: row.Tag, Created: row.CreatedAt, Run: row.RunID, Pins: Pins{}}
			byName[row.Tag] = tag
		}
		tag.Pins[row.Table] = Pin{Table: row.Table, Snapshot: row.Snapshot, Digest: row.Digest, Rows: row.Rows}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b Tag) int { return a.Created.Compare(b.Created) })
}

// stageTags makes the run's change of a tag part of a publication.
func (r *Run) stageTags(ctx context.Context, p *publication, on *version, rows *metaRows) error {
	t := r.tagging
	if t == nil {
		return nil
	}
	held, err := r.lake.tagRows(ctx, on)
	if err != nil {
		return err
	}
	if err := t.check(held); err != nil {
		return err
	}
	if err := on.load(ctx, on.names()); err != nil {
		return err
	}
	for _, name := range on.names() {
		if err := r.stageTag(ctx, p, on, name); err != nil {
			return err
		}
	}
	rows.replaced = func(row tagRow) bool { return row.Tag == t.name }
	at := time.Now().UTC().Truncate(time.Microsecond)
	for _, pin := range t.pins {
		rows.tags = append(rows.tags, tagRow{Tag: t.name, Table: pin.Table, Snapshot: pin.Snapshot, Digest: pin.Digest,
			Rows: pin.Rows, RunID: r.id, CreatedAt: at})
	}
	return nil
}

func (t *tagging) check(held []tagRow) error {
	at := slices.IndexFunc(held, func(row tagRow) bool { return row.Tag == t.name })
	switch {
	case t.pins == nil && at < 0:
		names := make([]string, len(held))
		for i, row := range held {
			names[i] = row.Tag
		}
		return fmt.Errorf("no tag %q%s", t.name, nearest.Hint(t.name, names))
	case t.pins != nil && at >= 0 && !t.force:
		return fmt.Errorf("tag %q: %w since %s (run %s); --force moves it", t.name, ErrTagExists,
			held[at].CreatedAt.Format(time.RFC3339), held[at].RunID)
	}
	return nil
}

// stageTag sets or removes the tag on one table.
func (r *Run) stageTag(ctx context.Context, p *publication, on *version, name string) error {
	table, err := on.table(ctx, name)
	if err != nil {
		return err
	}
	pin := r.tagging.pins[name]
	before, had := table.Refs()[r.tagging.name]
	if pin.Snapshot == before && had == (pin.Snapshot != 0) {
		return nil
	}
	if err := r.lake.expectSnapshot(ctx, on, table, pin); err != nil {
		return err
	}
	staged, err := table.StageTags(ctx, map[string]int64{r.tagging.name: pin.Snapshot})
	if err != nil {
		return err
	}
	p.marked = append(p.marked, staged)
	p.move(on, staged)
	return nil
}
