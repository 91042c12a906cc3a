package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/sql"
)

type dataAuditOptions struct {
	at     string
	format string
}

func dataAuditCommand(t *terminal) *cli.Command {
	var o dataAuditOptions
	return checked(&cli.Command{
		Name:  "audit",
		Usage: "ask the audits of a built data set again, and report what its test part shares with training",
		Description: "The audits are those of the view and those that every data set with the columns language, cue and\n" +
			"split is asked. Reports forbid nothing: they say how much of what people answered to test cues are\n" +
			"training cues, and which survey questions have training cues in their words. Exit code 1 when an\n" +
			"audit finds a row.",
		Flags: t.flags(atFlag(&o.at), outputFlag(&o.format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runDataAudit(ctx, t, l, c.Args().First(), o)
			})
		},
	}, oneArgument("NAME"))
}

func runDataAudit(ctx context.Context, t *terminal, l *lake.Lake, name string, o dataAuditOptions) error {
	catalogue, err := openCatalogue()
	if err != nil {
		return err
	}
	findings, err := catalogue.Audit(ctx, l, name, o.at)
	if err != nil {
		return err
	}
	failed := 0
	g := newGrid("audit", "verdict", "rows", "meaning")
	for _, f := range findings {
		verdict := verdictOf(f)
		if verdict == "failed" {
			failed++
		}
		g.add(f.Name, verdict, f.Found, f.Doc)
	}
	if err := t.printRows(o.format, g); err != nil {
		return err
	}
	if err := t.printFindings(findings); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("audit %s: %d of %d audits failed", name, failed, len(findings))
	}
	return nil
}

func verdictOf(f sql.Finding) string {
	switch {
	case f.Waived != "":
		return "waived by " + f.Waived
	case f.Report:
		return "report"
	case len(f.Rows) > 0:
		return "failed"
	}
	return "passed"
}

// printFindings shows on stderr the rows of reports and of failed audits, and
// what was waived.
func (t *terminal) printFindings(findings []sql.Finding) error {
	for _, f := range findings {
		if f.Waived != "" {
			fmt.Fprintf(t.err, "%s is waived by %s: %s\n", f.Name, f.Waived, f.Doc)
		}
		if len(f.Rows) == 0 {
			continue
		}
		fmt.Fprintf(t.err, "%s: %s\n", f.Name, f.Doc)
		w := newRowWriter("table", t.err, f.Columns)
		for _, row := range f.Rows {
			if err := w.row(row); err != nil {
				return err
			}
		}
		if err := w.close(); err != nil {
			return err
		}
		if more := f.Found - int64(len(f.Rows)); more > 0 {
			fmt.Fprintf(t.err, "and %d more rows\n", more)
		}
	}
	return nil
}
