package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
)

func initCommand(t *terminal) *cli.Command {
	return checked(&cli.Command{
		Name:  "init",
		Usage: "make an empty lake",
		Flags: t.flags(),
		Action: func(c *cli.Context) error {
			dir, err := lake.Find(firstOf(c.Args().First(), t.lakeDir))
			if err != nil {
				return err
			}
			l, err := lake.Init(c.Context, dir)
			if err != nil {
				return err
			}
			fmt.Fprintln(t.out, l.Dir())
			t.remarkPath(l)
			return l.Close()
		},
	}, arguments{0, 1, "[FOLDER]"})
}

// firstOf is the first text that isn't empty.
func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
