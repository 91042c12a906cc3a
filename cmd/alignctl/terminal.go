package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"alignctl/internal/progress"
	"alignctl/lake"
)

// A terminal is where a command reads and prints: data to out, everything
// else to err. It also holds the options that every command shares.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	command  string // the command line, as lineage records it
	lakeDir  string // --lake
	quiet    bool   // --quiet
}

func newTerminal(in io.Reader, out, errOut io.Writer) *terminal {
	return &terminal{in: in, out: out, err: errOut}
}

// run runs one command line, args[0] being the program.
func (t *terminal) run(ctx context.Context, args []string) error {
	t.command = strings.Join(args, " ")
	return newApp(t).RunContext(ctx, args)
}

// flags are the flags of every command that works on a lake, followed by its
// own.
func (t *terminal) flags(own ...cli.Flag) []cli.Flag {
	shared := []cli.Flag{
		&cli.StringFlag{Name: "lake", Usage: "the lake's `FOLDER` (default: $ALIGNCTL_LAKE, " +
			"the nearest alignctl.yaml, ./lake)", Destination: &t.lakeDir},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "no progress, no remarks", Destination: &t.quiet},
	}
	return append(own, shared...)
}

// openLake opens the lake that the flags, the environment or the working
// folder name. The caller closes it.
func (t *terminal) openLake(ctx context.Context) (*lake.Lake, error) {
	dir, err := lake.Find(t.lakeDir)
	if err != nil {
		return nil, err
	}
	return lake.Open(ctx, dir)
}

// withLake opens the lake, gives the work a context that reports progress,
// and closes the lake.
func (t *terminal) withLake(ctx context.Context, work func(context.Context, *lake.Lake) error) error {
	ctx = t.reporting(ctx)
	l, err := t.openLake(ctx)
	if err != nil {
		return err
	}
	err = work(ctx, l)
	if closeErr := l.Close(); err == nil {
		err = closeErr
	}
	return err
}

// remark prints a line for people, unless --quiet, in the place of a live one.
func (t *terminal) remark(format string, args ...any) {
	if t.quiet {
		return
	}
	clear := ""
	if lookOf(t.err).live {
		clear = "\r\x1b[K"
	}
	fmt.Fprintln(t.err, clear+visible(fmt.Sprintf(format, args...)))
}

// reporting returns a context whose long work shows itself: a live line on a
// terminal, plain lines otherwise, nothing with --quiet.
func (t *terminal) reporting(ctx context.Context) context.Context {
	if t.quiet {
		return ctx
	}
	return progress.With(ctx, shownReporter{t.err, lookOf(t.err)})
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
