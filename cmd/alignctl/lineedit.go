package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/peterh/liner"

	"alignctl/internal/atomicfile"
)

// A lineEditor reads lines from the terminal, with editing, completion, and a
// history that outlives the program.
type lineEditor struct {
	t     *terminal
	state *liner.State
	path  string // of the history; "": it isn't kept
}

func newLineEditor(r *sqlRunner) *lineEditor {
	e := &lineEditor{t: r.t, state: liner.NewLiner()}
	e.state.SetCtrlCAborts(true)
	e.state.SetTabCompletionStyle(liner.TabPrints)
	e.state.SetWordCompleter(func(line string, at int) (head string, words []string, tail string) {
		return complete(line, at, r)
	})
	path, err := historyFile()
	if err == nil {
		e.path, err = path, e.load(path)
	}
	if err != nil {
		r.t.remark("the history isn't at hand: %v", err)
	}
	return e
}

// historyFile is where the shell keeps what was typed: among the user's own
// files, not in the lake, which others may read.
func historyFile() (string, error) {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find history: %w", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "alignctl", "sql_history"), nil
}

func (e *lineEditor) load(path string) error {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		_, err = e.state.ReadHistory(bytes.NewReader(content))
	}
	return err
}

// ReadLine shows the prompt and gives a line, which joins the history.
func (e *lineEditor) ReadLine(prompt string) (string, error) {
	line, err := e.state.Prompt(prompt)
	switch {
	case errors.Is(err, liner.ErrPromptAborted):
		return "", errAborted
	case errors.Is(err, io.EOF):
		fmt.Fprintln(e.t.err) // what the user's own shell prints begins a line
		return "", err
	case err != nil:
		return "", err
	}
	if line != "" {
		e.state.AppendHistory(line)
	}
	return line, nil
}

// Close writes the history, which only the user may read, and gives the
// terminal back.
func (e *lineEditor) Close() error {
	if err := e.keep(); err != nil {
		e.t.remark("the history wasn't kept: %v", err)
	}
	return e.state.Close()
}

func (e *lineEditor) keep() error {
	if e.path == "" {
		return nil
	}
	var lines bytes.Buffer
	if _, err := e.state.WriteHistory(&lines); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(e.path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(e.path, lines.Bytes(), 0o600)
}
