package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/internal/nearest"
)

// errPartial marks a command that did its work but for some of its input.
var errPartial = errors.New("done in part")

// A usageError is a command line that alignctl can't obey.
type usageError struct{ text string }

// Error says what can't be obeyed.
func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// arguments says how many positional arguments a command takes.
type arguments struct {
	min, max int // max -1: any number
	names    string
}

var (
	noArguments = arguments{}
	oneArgument = func(name string) arguments { return arguments{1, 1, name} }
)

// checked gives a command its argument check: cli v2 silently ignores flags
// that follow a positional argument, and arguments nobody asked for.
func checked(c *cli.Command, want arguments) *cli.Command {
	c.ArgsUsage = want.names
	act := c.Action
	c.Action = func(ctx *cli.Context) error {
		if err := checkArguments(commandName(ctx), ctx.Args().Slice(), want); err != nil {
			return err
		}
		return act(ctx)
	}
	return c
}

func checkArguments(command string, got []string, want arguments) error {
	for _, arg := range got {
		if len(arg) > 1 && strings.HasPrefix(arg, "-") {
			return usagef("%s: flag %s stands after an argument: put flags before arguments", command, arg)
		}
	}
	if len(got) < want.min {
		return usagef("%s: needs %s (see alignctl %s --help)", command, want.names, command)
	}
	if want.max >= 0 && len(got) > want.max {
		return usagef("%s: unexpected argument %q", command, got[want.max])
	}
	return nil
}

// guard makes unknown flags and unknown sub-commands usage errors, everywhere.
func guard(app *cli.App) {
	app.OnUsageError = onUsageError
	app.Action = groupAction(app.Commands)
	guardCommands(app.Commands)
}

func guardCommands(commands []*cli.Command) {
	for _, c := range commands {
		c.OnUsageError = onUsageError
		c.HideHelpCommand = true
		if len(c.Subcommands) > 0 {
			c.Action = groupAction(c.Subcommands)
			guardCommands(c.Subcommands)
		}
	}
}

func onUsageError(c *cli.Context, err error, _ bool) error {
	return usagef("%v (see %s --help)", err, strings.TrimSpace("alignctl "+commandName(c)))
}

// commandName is a command as the user types it, without the program's name.
func commandName(c *cli.Context) string {
	name := ""
	if c.Command != nil {
		name = c.Command.HelpName
	}
	return strings.TrimSpace(strings.TrimPrefix(name, "alignctl"))
}

// groupAction is what a command with sub-commands does on its own: help, or
// an error that names the nearest sub-command.
func groupAction(commands []*cli.Command) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.NArg() == 0 {
			return cli.ShowSubcommandHelp(c)
		}
		names := make([]string, len(commands))
		for i, sub := range commands {
			names[i] = sub.Name
		}
		return usagef("unknown command %q%s", c.Args().First(), nearest.Hint(c.Args().First(), names))
	}
}
