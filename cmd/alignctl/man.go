package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/internal/atomicfile"
)

func manCommand(t *terminal) *cli.Command {
	return checked(&cli.Command{
		Name:  "man",
		Usage: "write manual pages into a folder, one for each command",
		Description: "man finds them in a folder man1 below one of $MANPATH: man alignctl-lake-verify. They say what --help\n" +
			"says.",
		Action: func(c *cli.Context) error { return runMan(t, c.App, c.Args().First()) },
	}, oneArgument("FOLDER"))
}

func runMan(t *terminal, app *cli.App, folder string) error {
	if err := atomicfile.MkdirAll(folder); err != nil {
		return fmt.Errorf("write manual pages: %w", err)
	}
	all := leaves("", app.Commands)
	pages := map[string]string{"alignctl": manIndex(app, all)}
	for _, l := range all {
		pages["alignctl-"+strings.ReplaceAll(l.name, " ", "-")] = manPage(l)
	}
	for name, text := range pages {
		if err := atomicfile.Write(filepath.Join(folder, name+".1"), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write manual pages: %w", err)
		}
	}
	t.remark("wrote %d pages to %s", len(pages), folder)
	return nil
}

// A roff is a manual page in the macros of man(7).
type roff struct{ strings.Builder }

// newRoff begins a page.
func newRoff(name, usage string) *roff {
	r := &roff{}
	r.macro("TH", strings.ToUpper(name), "1", "", "alignctl "+version(), "alignctl")
	r.macro("SH", "NAME")
	r.text(name + ` \- ` + roffEscape(usage))
	return r
}

// macro writes a line with a macro and its arguments.
func (r *roff) macro(name string, args ...string) {
	r.WriteString("." + name)
	for _, arg := range args {
		r.WriteString(` "` + strings.ReplaceAll(roffEscape(arg), `"`, `\(dq`) + `"`)
	}
	r.WriteString("\n")
}

// text writes lines that are escaped already. A line that begins with a point or
// an apostrophe would be a macro.
func (r *roff) text(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			line = `\&` + line
		}
		r.WriteString(line + "\n")
	}
}

// roffEscape makes a text stand for itself: its hyphens stay those of a command
// line.
func roffEscape(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
}

// item writes a term with what it means.
func (r *roff) item(term, meaning string) {
	r.macro("TP")
	r.text(`\fB` + roffEscape(term) + `\fR`)
	r.text(roffEscape(meaning))
}

// manPage is the page of a command.
func manPage(l leaf) string {
	r := newRoff("alignctl-"+strings.ReplaceAll(l.name, " ", "-"), l.Usage)
	r.macro("SH", "SYNOPSIS")
	r.text(`\fBalignctl ` + roffEscape(l.name) + `\fR [\fIflags\fR] ` + roffEscape(l.ArgsUsage))
	if l.Description != "" {
		r.macro("SH", "DESCRIPTION")
		r.text(roffEscape(strings.ReplaceAll(l.Description, "\n\n", "\n.PP\n")))
	}
	r.flags(l.Flags)
	r.macro("SH", "EXAMPLES")
	for _, e := range l.examples {
		r.macro("PP")
		if e.why != "" {
			r.text(roffEscape(upperFirst(e.why)) + ":")
		}
		r.macro("RS")
		r.macro("nf")
		r.text(roffEscape(e.line))
		r.macro("fi")
		r.macro("RE")
	}
	r.macro("SH", "EXIT STATUS")
	for _, e := range l.exits(l.Command) {
		r.item(fmt.Sprint(e.code), e.meaning)
	}
	return r.String()
}

func (r *roff) flags(flags []cli.Flag) {
	if len(flags) == 0 {
		return
	}
	r.macro("SH", "OPTIONS")
	for _, f := range flags {
		doc, ok := documentFlag(f)
		if !ok {
			continue
		}
		meaning := doc.usage
		if doc.value != "" {
			meaning += " (default: " + doc.value + ")"
		}
		r.item(strings.Join(doc.names, ", "), strings.ReplaceAll(meaning, "`", ""))
	}
}

// manIndex is the page of alignctl itself.
func manIndex(app *cli.App, all []leaf) string {
	r := newRoff("alignctl", app.Usage)
	r.macro("SH", "SYNOPSIS")
	r.text(`\fBalignctl\fR \fIcommand\fR [\fIflags\fR] [\fIarguments\fR]`)
	r.macro("SH", "COMMANDS")
	for _, l := range all {
		r.item("alignctl "+l.name, l.Usage)
	}
	return r.String()
}

// A flagDoc is a flag as manuals show it.
type flagDoc struct {
	names        []string // with their dashes
	value, usage string   // value: the default, or ""
}

// documentFlag describes a flag; false for one that says nothing of itself.
func documentFlag(f cli.Flag) (doc flagDoc, ok bool) {
	documented, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return doc, false
	}
	for _, name := range f.Names() {
		dashes := "--"
		if len(name) == 1 {
			dashes = "-"
		}
		doc.names = append(doc.names, dashes+name)
	}
	doc.value, doc.usage = documented.GetDefaultText(), documented.GetUsage()
	return doc, true
}

// upperFirst begins a text with a capital letter.
func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
