package main

import (
	"context"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/train"
)

type lakeGCOptions struct {
	olderThan time.Duration
	delete    bool
	format    string
}

func lakeGCCommand(t *terminal) *cli.Command {
	var o lakeGCOptions
	return checked(&cli.Command{
		Name:  "gc",
		Usage: "let go of old versions that nothing holds; shows what it would do unless -f",
		Description: "A snapshot goes when it has not been the current one for --older-than, and no tag, no\n" +
			"recorded training run or job (alignctl model rm) and no live process holds it. With it go the files\n" +
			"that only it needed, and files, and parts of uploads to a bucket, that killed runs left behind.",
		Flags: t.flags(
			&cli.DurationFlag{Name: "older-than", Usage: "`AGE` from which a version may go", Value: 7 * 24 * time.Hour,
				Destination: &o.olderThan},
			&cli.BoolFlag{Name: "f", Aliases: []string{"force"}, Usage: "do it", Destination: &o.delete},
			outputFlag(&o.format)),
		Action: func(c *cli.Context) error {
			if o.olderThan < 0 {
				return usagef("--older-than %s: want an age, such as 24h", o.olderThan)
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runLakeGC(ctx, t, l, o)
			})
		},
	}, noArguments)
}

func runLakeGC(ctx context.Context, t *terminal, l *lake.Lake, o lakeGCOptions) error {
	keep, err := train.Needed(ctx, l)
	if err != nil {
		return err
	}
	report, err := l.GC(ctx, lake.GCOptions{OlderThan: o.olderThan, Keep: keep, Delete: o.delete, Run: t.runInfo()})
	if err != nil {
		return err
	}
	t.remarkGC(report, o.delete)
	return t.printRows(o.format, gcGrid(report))
}

// remarkGC sums a gc up for people.
func (t *terminal) remarkGC(r lake.GCReport, done bool) {
	bytes := int64(0)
	for _, f := range r.Removed {
		bytes += f.Bytes
	}
	would := "would go (do it with -f)"
	if done {
		would = "went"
	}
	t.remark("%d snapshots and %d files of %d bytes %s", len(r.Expired), len(r.Removed), bytes, would)
	if len(r.Uploads) > 0 {
		t.remark("%d uploads that were cut off %s", len(r.Uploads), would)
	}
	if r.UploadsErr != nil {
		t.remark("uploads that were cut off stay, if there are any: %v", r.UploadsErr)
	}
	if len(r.Waiting) > 0 {
		t.remark("%d files wait for the next gc: they may be read by", len(r.Waiting))
	}
	for _, h := range r.Holders {
		t.remark("  %s, since %s", h, h.Began.Format(time.RFC3339))
	}
}

// gcGrid has a row for each snapshot that is old enough to go.
func gcGrid(r lake.GCReport) *grid {
	g := newGrid("table_name", "snapshot", "rows", "state")
	for _, pin := range r.Expired {
		g.add(pin.Table, strconv.FormatInt(pin.Snapshot, 10), pin.Rows, "expired")
	}
	for _, kept := range r.Kept {
		g.add(kept.Table, strconv.FormatInt(kept.Snapshot, 10), kept.Rows, "kept by "+kept.By)
	}
	return g
}
