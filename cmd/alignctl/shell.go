package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"alignctl/sql"
)

// A lineReader gives the shell what the user types, a line at a time.
type lineReader interface {
	// ReadLine shows the prompt and gives a line without its end: io.EOF for
	// Ctrl-D, errAborted for Ctrl-C.
	ReadLine(prompt string) (string, error)
	// Close keeps the history and gives the terminal back as it was.
	Close() error
}

var (
	errAborted     = errors.New("line aborted")
	errInterrupted = errors.New("interrupted")
)

// A sqlShell reads statements from a user and runs them; errors don't end it.
type sqlShell struct {
	*sqlRunner
	lines      lineReader
	interrupts <-chan os.Signal // Ctrl-C while a query runs
}

// runShell is alignctl sql on a terminal. From here on Ctrl-C belongs to the
// shell: it stops a query, not the program.
func runShell(ctx context.Context, r *sqlRunner) error {
	if r.o.binary() || r.o.out != "" {
		return usagef("sql: --out, -o arrow and -o parquet need a QUERY")
	}
	signal.Reset(os.Interrupt)
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	if err := r.open(ctx); err != nil {
		return err
	}
	s := &sqlShell{sqlRunner: r, lines: newLineEditor(r), interrupts: interrupts}
	r.t.remark("alignctl %s, lake %s. .help shows the commands, Ctrl-D leaves.", version(), r.lake.Dir())
	return errors.Join(s.loop(ctx), s.lines.Close())
}

func (s *sqlShell) loop(ctx context.Context) error {
	pending := ""
	for {
		line, err := s.read(ctx, s.prompt(pending))
		switch {
		case errors.Is(err, errAborted):
			pending = ""
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		statements, rest := sql.Statements(pending + line + "\n")
		for _, statement := range statements {
			err := s.run(ctx, statement)
			if errors.Is(err, errQuit) || ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				fmt.Fprintln(s.t.err, "error:", message(err))
				break
			}
		}
		if pending = rest.SQL; pending != "" {
			pending += "\n"
		}
	}
}

// prompt shows the version that the session is at, or that a statement goes on.
func (s *sqlShell) prompt(pending string) string {
	name := "alignctl"
	if s.o.at != "" {
		name += "@" + s.o.at
	}
	if pending != "" {
		return strings.Repeat(" ", max(0, narrow.StringWidth(name)-2)) + "..> "
	}
	return name + "> "
}

// read waits for a line or for the end of the program.
func (s *sqlShell) read(ctx context.Context, prompt string) (string, error) {
	type typed struct {
		line string
		err  error
	}
	got := make(chan typed, 1)
	go func() {
		line, err := s.lines.ReadLine(prompt)
		got <- typed{line, err}
	}()
	select {
	case t := <-got:
		return t.line, t.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// run runs a statement until it ends or the user interrupts it, and says how
// long it took.
func (s *sqlShell) run(ctx context.Context, statement sql.Statement) error {
	for len(s.interrupts) > 0 {
		<-s.interrupts // one for a query that had ended
	}
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-s.interrupts:
			cancel(errInterrupted)
		case <-running.Done():
		}
	}()
	started := time.Now()
	err := s.statement(running, statement)
	if errors.Is(context.Cause(running), errInterrupted) {
		return errInterrupted
	}
	if err == nil && !strings.HasPrefix(statement.SQL, ".") {
		s.t.remark("(%.2f s)", time.Since(started).Seconds())
	}
	return err
}
