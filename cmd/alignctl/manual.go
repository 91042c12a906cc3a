package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// A manual is what help, the man pages and docs/commands say of a command beside
// its usage, description and flags.
type manual struct {
	examples []example
	writes   bool   // it publishes tables, so that another run may come between
	partial  string // what exit code 3 means; "": it doesn't end with it
}

// An example is a command line with what it is for; "" where the command's usage
// says that.
type example struct{ why, line string }

// An exit is an exit code with its meaning.
type exit struct {
	code    int
	meaning string
}

// exits are the codes that a command ends with.
func (m manual) exits(c *cli.Command) []exit {
	exits := []exit{{exitDone, "done"}, {exitFailed, "failed"}, {exitUsage, "the command line can't be obeyed"}}
	if m.partial != "" {
		exits = append(exits, exit{exitPartial, "done in part: " + m.partial})
	}
	if usesLake(c) {
		exits = append(exits, exit{exitNoLake, "no lake here"})
	}
	if m.writes {
		exits = append(exits, exit{exitConflict, "another run came between"})
	}
	if usesLake(c) {
		exits = append(exits, exit{exitDamaged, "the lake is damaged"})
	}
	return append(exits, exit{exitInterrupted, "interrupted; what could be saved is saved"})
}

// usesLake reports whether a command opens a lake, which init and doctor may do
// without.
func usesLake(c *cli.Command) bool {
	takes := slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return f.Names()[0] == "lake" })
	return takes && !slices.Contains([]string{"init", "doctor", "demo"}, c.Name)
}

// A leaf is a command that does something, by the name that people type.
type leaf struct {
	name string // without alignctl: lake verify
	*cli.Command
	manual
}

// leaves lists the commands below some, in order; hidden ones are left out.
func leaves(parent string, commands []*cli.Command) (list []leaf) {
	for _, c := range commands {
		name := strings.TrimSpace(parent + " " + c.Name)
		switch {
		case c.Hidden:
		case len(c.Subcommands) > 0:
			list = append(list, leaves(name, c.Subcommands)...)
		default:
			list = append(list, leaf{name, c, manuals[name]})
		}
	}
	return list
}

// instruct adds examples and exit codes to the help of commands.
func instruct(commands []*cli.Command) {
	for _, l := range leaves("", commands) {
		l.CustomHelpTemplate = cli.CommandHelpTemplate + strings.ReplaceAll(l.helpText(), "{{", `{{"{{"}}`)
	}
}

// helpText is what help shows after the flags.
func (l leaf) helpText() string {
	var b strings.Builder
	b.WriteString("\nEXAMPLES:\n")
	for _, e := range l.examples {
		if e.why != "" {
			fmt.Fprintf(&b, "   # %s\n", e.why)
		}
		fmt.Fprintf(&b, "   %s\n", e.line)
	}
	b.WriteString("\nEXIT CODES:\n")
	for _, e := range l.exits(l.Command) {
		fmt.Fprintf(&b, "   %-3d  %s\n", e.code, e.meaning)
	}
	return b.String()
}
