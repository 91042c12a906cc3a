//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"alignctl/etl"
	"alignctl/etl/swow"
	"alignctl/etl/swow/swowtest"
	"alignctl/internal/progress"
	"alignctl/lake"
)

// loadWord makes this program the process of one load: what `alignctl etl swow`
// does, with an eye on each step. After it come the folder of the raw files, the
// lake to make, and the bound of DuckDB's memory.
const loadWord = "load"

func loadHere(ctx context.Context, out io.Writer, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("load: give the raw files' folder, the lake and the memory")
	}
	raw, memory := args[0], args[2]
	l, err := lake.Init(ctx, args[1])
	if err != nil {
		return err
	}
	defer l.Close()
	steps := newPhases("check")
	done, err := load(progress.With(ctx, steps), l, raw, memory)
	if err != nil {
		return err
	}
	c := cost{Steps: steps.end(), Rows: map[string]int64{}}
	for _, table := range done.Tables {
		c.Rows[table.Table] = table.Rows
	}
	return json.NewEncoder(out).Encode(c)
}

func load(ctx context.Context, l *lake.Lake, raw, memory string) (*etl.Report, error) {
	plan, err := swow.Prepare(ctx, l, swow.Options{
		Files: []string{filepath.Join(raw, swowtest.CompleteFile)}, Language: "en",
		Lists: swow.Lists{Lexicon: filepath.Join(raw, swowtest.LexiconFile),
			CueCorrections: filepath.Join(raw, swowtest.CueCorrectionsFile),
			Variants:       filepath.Join(raw, swowtest.VariantsFile)},
		Memory: memory, Command: "bench/scale",
	})
	if err != nil {
		return nil, err
	}
	return plan.Load(ctx)
}
