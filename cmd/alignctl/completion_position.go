package main

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/etl/pipeline"
	"alignctl/internal/workspace"
	"alignctl/lake"
)

// A position is where a command line has come to.
type position struct {
	commands []*cli.Command // that the next word may name; none within a command
	group    string         // the first command named
	command  *cli.Command   // nil: none yet
	flag     cli.Flag       // whose value comes next; nil: none
	given    int            // arguments
	lakeDir  string         // what --lake said
}

// pass moves on by a word.
func (p *position) pass(word string) {
	switch {
	case p.flag != nil && word == "=": // bash has split --flag=value
	case p.flag != nil:
		p.value(word)
	case strings.HasPrefix(word, "-") && p.given == 0:
		name, value, assigned := strings.Cut(word, "=")
		if p.flag = p.flagNamed(strings.TrimLeft(name, "-")); p.flag != nil && assigned {
			p.value(value)
		}
	case len(p.commands) > 0:
		p.enter(word)
	default:
		p.given++
	}
}

func (p *position) value(word string) {
	if slices.Contains(p.flag.Names(), "lake") {
		p.lakeDir = word
	}
	p.flag = nil
}

func (p *position) enter(name string) {
	for _, c := range p.commands {
		if c.Name == name {
			p.group = firstOf(p.group, name)
			p.command, p.commands = c, c.Subcommands
			return
		}
	}
	p.commands = nil // an unknown command: nothing can be said of what follows
}

// flagNamed finds a flag of the command that takes a value; nil for another one.
func (p *position) flagNamed(name string) cli.Flag {
	if p.command == nil {
		return nil
	}
	for _, f := range p.command.Flags {
		documented, ok := f.(cli.DocGenerationFlag)
		if ok && documented.TakesValue() && slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

// filesOnly leaves the word to the shell, which completes names of files.
var filesOnly = []string{":files"}

// candidates are what the word at the position may be, whatever it begins with.
func (p *position) candidates(ctx context.Context, t *terminal, current string) []string {
	switch {
	case p.flag != nil:
		return t.flagValues(ctx, p.flag)
	case len(p.commands) > 0:
		return commandNames(p.commands)
	case p.command == nil:
		return nil
	case strings.HasPrefix(current, "-") && p.given == 0:
		return flagNames(p.command)
	}
	return t.named(ctx, p.argument())
}

// commandNames are commands with what they are for.
func commandNames(commands []*cli.Command) (names []string) {
	for _, c := range commands {
		if !c.Hidden {
			names = append(names, c.Name+"\t"+c.Usage)
		}
	}
	return names
}

// flagNames are the flags of a command with what they are for, by their long
// names.
func flagNames(c *cli.Command) (names []string) {
	for _, f := range c.Flags {
		usage := ""
		if documented, ok := f.(cli.DocGenerationFlag); ok {
			usage = strings.ReplaceAll(documented.GetUsage(), "`", "")
		}
		names = append(names, "--"+f.Names()[0]+"\t"+usage)
	}
	return append(names, "--help\tshow help")
}

// flagValues are a flag's possible values: the few that it has, or names of what
// the placeholder in its usage stands for.
func (t *terminal) flagValues(ctx context.Context, f cli.Flag) []string {
	if choice, ok := f.(*choiceFlag); ok {
		return choice.values
	}
	documented, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return nil
	}
	if _, isPath := f.(*cli.PathFlag); isPath {
		return filesOnly
	}
	_, rest, _ := strings.Cut(documented.GetUsage(), "`")
	placeholder, _, _ := strings.Cut(rest, "`")
	return t.named(ctx, placeholder)
}

// argument is the placeholder of the next argument; "" where none is taken.
func (p *position) argument() string {
	words := strings.Fields(p.command.ArgsUsage)
	if len(words) == 0 {
		return ""
	}
	word := strings.Trim(words[min(p.given, len(words)-1)], "[]")
	if p.given >= len(words) && !strings.HasSuffix(word, "...") {
		return ""
	}
	word, _, _ = strings.Cut(strings.TrimSuffix(word, "..."), "[") // TABLE[@VERSION]
	if word == "NAME" && p.group == "data" {
		return "DATASET"
	}
	return word
}

// named lists what a placeholder stands for: things of the lake, without a query,
// for a person waits. What can't be read isn't completed.
func (t *terminal) named(ctx context.Context, placeholder string) (names []string) {
	switch placeholder {
	case "FILE", "FOLDER", "OUT":
		return filesOnly
	case "SHELL":
		return []string{"bash", "fish", "zsh"}
	case "DATASET":
		return dataSetNames()
	case "SOURCE":
		return sourceNames()
	}
	list, known := lakeNames[placeholder]
	if !known {
		return nil
	}
	l, err := t.openLake(ctx)
	if err != nil {
		return nil
	}
	defer l.Close()
	return list(ctx, l)
}

// lakeNames list what a placeholder stands for in a lake.
var lakeNames = map[string]func(context.Context, *lake.Lake) []string{
	"TABLE": tableNames, "WHAT": tableAndRunNames,
	"RUN": runNames, "OTHER": runNames, "MODEL": runNames,
	"NAME": tagNames, "VERSION": versionNames, "A": versionNames, "B": versionNames,
}

func dataSetNames() (names []string) {
	catalogue, err := openCatalogue()
	if err != nil {
		return nil
	}
	for _, v := range catalogue.Views() {
		names = append(names, v.Name)
	}
	return names
}

func sourceNames() []string {
	file, err := workspace.Find()
	if err != nil || file == nil {
		return nil
	}
	config, err := pipeline.Read(file)
	if err != nil {
		return nil
	}
	return config.Names()
}

func tableNames(ctx context.Context, l *lake.Lake) []string {
	names, err := l.Names(ctx)
	if err != nil {
		return nil
	}
	return names
}

func tagNames(ctx context.Context, l *lake.Lake) (names []string) {
	tags, err := l.Tags(ctx)
	if err != nil {
		return nil
	}
	for _, tag := range tags {
		names = append(names, tag.Name)
	}
	return names
}

// runNames are runs, newest first, with their command lines.
func runNames(ctx context.Context, l *lake.Lake) (names []string) {
	runs, err := l.Runs(ctx)
	if err != nil {
		return nil
	}
	for _, run := range runs {
		names = append(names, run.Run+"\t"+tabEscapes.Replace(run.Command))
	}
	return names
}

func versionNames(ctx context.Context, l *lake.Lake) []string {
	return append(tagNames(ctx, l), runNames(ctx, l)...)
}

func tableAndRunNames(ctx context.Context, l *lake.Lake) []string {
	return append(tableNames(ctx, l), runNames(ctx, l)...)
}

// A choiceFlag is a flag whose value is one of a few.
type choiceFlag struct {
	*cli.StringFlag
	values []string
}

// splits are the values of --split.
var splits = []string{"train", "dev", "test"}

// oneOf declares the values of a flag, for completion. What the command does
// decides which ones it takes.
func oneOf(f *cli.StringFlag, values ...string) cli.Flag { return &choiceFlag{f, values} }

// texts are names of some type as strings.
func texts[T ~string](names []T) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = string(name)
	}
	return list
}
