// Command alignctl turns word-association files into versioned tables, data
// sets, trained models and measured results, all in one lake.
//
// This package is the only one that reads flags, prints, or exits. One file
// holds one command: an options struct, the function that declares its flags,
// and a run function that tests could call directly.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/train/lm"
)

// Exit codes, as the README promises them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPartial     = 3
	exitNoLake      = 10
	exitConflict    = 11
	exitDamaged     = 12
	exitInterrupted = 130
)

func main() {
	ctx, stop := interruptible(context.Background())
	code := run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// interruptible returns a context that the first Ctrl-C (or SIGTERM) cancels;
// the second one ends the process at once.
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		if _, ok := <-signals; !ok {
			return
		}
		fmt.Fprintln(os.Stderr, "alignctl: interrupted: finishing the step (again: stop now)")
		cancel()
		if _, ok := <-signals; ok {
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, func() { signal.Stop(signals); close(signals); cancel() }
}

// run is the whole program; its result is the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	err := newTerminal(in, out, errOut).run(ctx, args)
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil {
		fmt.Fprintln(errOut, "alignctl: interrupted:", message(err))
		return exitInterrupted
	}
	fmt.Fprintln(errOut, "alignctl:", message(err))
	return exitCode(err)
}

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	var usage *usageError
	var devices *lm.DevicesError
	switch {
	case errors.As(err, &usage), errors.As(err, &devices):
		return exitUsage
	case errors.Is(err, errPartial):
		return exitPartial
	case errors.Is(err, lake.ErrNoLake):
		return exitNoLake
	case errors.Is(err, lake.ErrConflict):
		return exitConflict
	case errors.Is(err, lake.ErrDamaged):
		return exitDamaged
	}
	return exitFailed
}

func newApp(t *terminal) *cli.App {
	app := &cli.App{
		Name:            "alignctl",
		Usage:           "word associations as versioned tables; language models trained and measured on them",
		Version:         version(),
		HideHelpCommand: true,
		Writer:          t.out,
		ErrWriter:       t.err,
		ExitErrHandler:  func(*cli.Context, error) {}, // exitCode decides
		Commands: []*cli.Command{
			initCommand(t),
			configCommand(t),
			etlCommand(t),
			dataCommand(t),
			sqlCommand(t),
			lakeCommand(t),
			modelCommand(t),
			trainCommand(t),
			evalCommand(t),
			reportCommand(t),
			runsCommand(t),
			uiCommand(t),
			demoCommand(t),
			doctorCommand(t),
			completionCommand(t),
			manCommand(t),
			versionCommand(t),
			completeCommand(t),
		},
	}
	guard(app)
	instruct(app.Commands)
	return app
}
