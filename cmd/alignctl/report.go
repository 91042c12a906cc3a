package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/eval/report"
	"alignctl/internal/atomicfile"
	"alignctl/lake"
	"alignctl/sql"
)

type reportOptions struct {
	out    string
	at     string
	rights bool
	force  bool
	runs   []string
}

func reportCommand(t *terminal) *cli.Command {
	var o reportOptions
	return checked(&cli.Command{
		Name:  "report",
		Usage: "one page about some runs: figures, the rows behind them, the SQL that gives these",
		Description: "RUN is an id of eval.runs or of train.runs, the name of a suite (eval suite), or latest. A training run\n" +
			"brings the evaluations of what it trained, an evaluation the training of what it asked. The page is one\n" +
			"file that loads nothing: it can be sent, printed and opened anywhere. The end of FILE decides: .html, or\n" +
			".md for Markdown without drawings. Answers of models beside those of people are left out where a\n" +
			"source's licence forbids passing them on.",
		Flags: t.flags(
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "the `FILE`: .html or .md", Destination: &o.out},
			atFlag(&o.at),
			&cli.BoolFlag{Name: "force", Usage: "replace the file", Destination: &o.force},
			&cli.BoolFlag{Name: "i-have-the-rights", Usage: "show what people answered under any licence", Destination: &o.rights},
		),
		Action: func(c *cli.Context) error {
			if o.runs = c.Args().Slice(); reportWriter(o.out) == nil {
				return usagef("report: needs -o FILE.html or -o FILE.md")
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runReport(ctx, t, l, o)
			})
		},
	}, arguments{1, -1, "RUN..."})
}

// reportWriter is how a report is written into a file of this name; nil: not at
// all.
func reportWriter(file string) func(*report.Report, io.Writer) error {
	return map[string]func(*report.Report, io.Writer) error{
		".html": (*report.Report).WriteHTML, ".htm": (*report.Report).WriteHTML, ".md": (*report.Report).WriteMarkdown,
	}[strings.ToLower(filepath.Ext(file))]
}

func runReport(ctx context.Context, t *terminal, l *lake.Lake, o reportOptions) (err error) {
	if _, err := os.Lstat(o.out); !o.force && err == nil {
		return fmt.Errorf("write file %q: there is one already (replace it with --force)", o.out)
	}
	made, err := makeReport(ctx, l, o)
	if err != nil {
		return err
	}
	for _, s := range made.Sections {
		if s.Withheld != "" {
			t.remark("left out %q: %s (--i-have-the-rights shows it)", s.Title, s.Withheld)
		}
	}
	hash, size := sha256.New(), &counter{}
	err = atomicfile.WriteStream(o.out, 0o644, func(w io.Writer) error {
		return reportWriter(o.out)(made, io.MultiWriter(w, hash, size))
	})
	if err != nil {
		return err
	}
	g := newGrid("file", "sections", "bytes", "sha256")
	g.add(o.out, len(made.Sections), size.bytes, hex.EncodeToString(hash.Sum(nil)))
	return t.printRows("", g)
}

// A counter counts bytes.
type counter struct{ bytes int64 }

// Write counts.
func (c *counter) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return len(p), nil
}

// makeReport makes the report in a session of its own.
func makeReport(ctx context.Context, l *lake.Lake, o reportOptions) (_ *report.Report, err error) {
	s, err := sql.Open(ctx, l, sql.SessionOptions{At: o.at})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	subject, err := report.Open(ctx, report.InSession(s), o.runs)
	if err != nil {
		return nil, err
	}
	subject.Rights = o.rights
	return report.New(ctx, subject, report.Options{Version: version(), Command: o.command()})
}

// command is the command line that makes the report again.
func (o reportOptions) command() string {
	words := []string{"alignctl report", "-o", filepath.Base(o.out)}
	if o.at != "" {
		words = append(words, "--at", o.at)
	}
	if o.rights {
		words = append(words, "--i-have-the-rights")
	}
	return strings.Join(append(words, o.runs...), " ")
}
