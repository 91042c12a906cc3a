package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/ui"
)

func uiCommand(t *terminal) *cli.Command {
	var o ui.Options
	return checked(&cli.Command{
		Name:  "ui",
		Usage: "look at the lake in a browser: tables, runs as they go on, answers, lineage, SQL",
		Description: "Prints an address and serves it until Ctrl-C. Only this machine can reach it, and only who knows the whole\n" +
			"address: it has a token. Nothing in the lake is changed, and queries read nothing but the lake.",
		Flags: t.flags(
			&cli.IntFlag{Name: "port", Usage: "serve at `PORT` (default: a free one)", DefaultText: " ", Destination: &o.Port,
				Action: func(_ *cli.Context, port int) error {
					if port < 1 || port > 65535 {
						return usagef("--port %d: want 1 to 65535", port)
					}
					return nil
				}},
			&cli.DurationFlag{Name: "timeout", Usage: "stop a query after `DURATION`", Value: 30 * time.Second, Destination: &o.Timeout,
				Action: func(_ *cli.Context, d time.Duration) error {
					if d <= 0 {
						return usagef("--timeout %s: want more than 0", d)
					}
					return nil
				}},
			&cli.StringFlag{Name: "memory", Usage: "let a query hold `SIZE` in memory; more goes to disk. Up to four run at once",
				Value: "1GB", Destination: &o.Memory, Action: checkMemory},
			&cli.IntFlag{Name: "rows", Usage: "show the first `N` rows of a result; downloads have all", Value: 1000, Destination: &o.Rows,
				Action: func(_ *cli.Context, n int) error {
					if n < 1 {
						return usagef("--rows %d: want 1 or more", n)
					}
					return nil
				}},
		),
		Action: func(c *cli.Context) error { return runUI(c.Context, t, o) },
	}, noArguments)
}

// errUIStopped is how serving ends: by an interruption.
var errUIStopped = errors.New("the pages are gone")

func runUI(ctx context.Context, t *terminal, o ui.Options) (err error) {
	o.Version = version()
	if o.Folder, err = lake.Find(t.lakeDir); err != nil {
		return err
	}
	server, err := ui.Listen(ctx, o)
	if err != nil {
		return err
	}
	fmt.Fprintln(t.out, server.Address())
	t.remark("Open it in a browser on this machine. Ctrl-C ends.")
	if err := server.Serve(ctx); err != nil {
		return err
	}
	return errUIStopped
}
