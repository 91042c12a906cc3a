package main

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/internal/nearest"
)

//go:embed completion.bash completion.zsh completion.fish
var completionScripts embed.FS

// completionUses say how each shell takes its script.
var completionUses = map[string]string{
	"bash": "source <(alignctl completion bash)",
	"zsh":  "source <(alignctl completion zsh)",
	"fish": "alignctl completion fish | source",
}

func completionCommand(t *terminal) *cli.Command {
	shells := slices.Sorted(maps.Keys(completionUses))
	return checked(&cli.Command{
		Name:  "completion",
		Usage: "print a script that lets a shell complete alignctl's commands",
		Description: "SHELL is bash, zsh or fish. Commands, flags, values of flags that have a few, and names of tables,\n" +
			"data sets, runs and tags are completed. To have it in each new shell, put the line of the example\n" +
			"into ~/.bashrc, ~/.zshrc (after compinit) or ~/.config/fish/config.fish.",
		Action: func(c *cli.Context) error {
			shell := c.Args().First()
			script, err := completionScripts.ReadFile("completion." + shell)
			if err != nil {
				return usagef("unknown shell %q%s", shell, nearest.Hint(shell, shells))
			}
			_, err = t.out.Write(script)
			return err
		},
	}, oneArgument("SHELL"))
}

// completeCommand is what the scripts call with the words up to the cursor, the
// last of which may be empty. It prints what that word may become, a line each,
// with a description after a tab; or :files, where the shell knows better.
func completeCommand(t *terminal) *cli.Command {
	return &cli.Command{
		Name:            "__complete",
		Hidden:          true,
		SkipFlagParsing: true,
		Action: func(c *cli.Context) error {
			for _, line := range t.completions(c, c.Args().Slice()) {
				fmt.Fprintln(t.out, line)
			}
			return nil
		},
	}
}

// completions are the lines of __complete.
func (t *terminal) completions(c *cli.Context, words []string) (lines []string) {
	if len(words) == 0 {
		return nil
	}
	at := position{commands: c.App.Commands}
	for _, word := range words[:len(words)-1] {
		at.pass(word)
	}
	t.lakeDir = at.lakeDir
	current := words[len(words)-1]
	head := ""
	if name, value, assigned := strings.Cut(current, "="); assigned && strings.HasPrefix(name, "-") && at.flag == nil {
		at.pass(name)
		head, current = name+"=", value
	}
	candidates := at.candidates(c.Context, t, strings.TrimPrefix(current, "="))
	if slices.Equal(candidates, filesOnly) {
		return filesOnly
	}
	for _, candidate := range candidates {
		if strings.HasPrefix(candidate, strings.TrimPrefix(current, "=")) {
			lines = append(lines, head+candidate)
		}
	}
	return lines
}
