package main

import "github.com/urfave/cli/v2"

func evalCommand(t *terminal) *cli.Command {
	return &cli.Command{
		Name:  "eval",
		Usage: "ask a model, score its answers against people's, compare",
		Subcommands: []*cli.Command{
			evalGenerateCommand(t),
			evalImportCommand(t),
			evalWvsCommand(t),
			evalWvsItemsCommand(t),
			evalScoreCommand(t),
			evalCompareCommand(t),
			evalSuiteCommand(t),
		},
	}
}

func (t *terminal) warn(warnings []string) {
	for _, w := range warnings {
		t.remark("warning: %s", w)
	}
}

// orNull is what a pointer points at, or a NULL for printing.
func orNull(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}
