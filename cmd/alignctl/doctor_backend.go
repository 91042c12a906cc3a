package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"alignctl/train"
	"alignctl/train/lm"
)

// addBackend starts a backend in this process and, if asked to, trains on it.
func addBackend(ctx context.Context, g *grid, name string, selfTest bool) error {
	detail, err := lm.DescribeBackend(name)
	if err != nil {
		g.add("backend "+name, "missing", err.Error(), pluginCure(name))
		return err
	}
	g.add("backend "+name, "usable", detail, "")
	if !selfTest {
		return nil
	}
	trial, err := train.Try(ctx, name)
	if err != nil {
		g.add("self-test "+name, "failed", err.Error(), "")
		return fmt.Errorf("self-test of backend %q: %w", name, err)
	}
	g.add("self-test "+name, "ok", fmt.Sprintf("%.0f tokens/s; loss %.3f to %.3f in %d steps; %.1f s", trial.TokensPerSecond,
		trial.First, trial.Last, trial.Steps, trial.Seconds), "")
	return nil
}

// pluginCure says how a backend that isn't there comes to be.
func pluginCure(backend string) string {
	if !strings.HasPrefix(backend, "xla:") {
		return ""
	}
	return "export PJRT_PLUGIN_LIBRARY_PATH=FOLDER (the one that holds the plugin)"
}

// A finding is a row of doctor's.
type finding struct{ Check, State, Detail, Cure string }

// addBackends looks at every backend, each in a process of its own, and says
// which one training takes. It fails when that one does.
func addBackends(ctx context.Context, g *grid, selfTest bool) (failed error) {
	chosen := ""
	for _, name := range lm.BackendNames() {
		for _, f := range examine(ctx, name, selfTest) {
			switch {
			case f.State == "usable" && chosen == "":
				f.State, chosen = "chosen", name
			case f.State == "failed" && (chosen == "" || chosen == name) && failed == nil:
				failed = fmt.Errorf("%s: %s (--backend takes another one)", f.Check, f.Detail)
			}
			g.add(f.Check, f.State, f.Detail, f.Cure)
		}
	}
	g.add("choice", firstOf(chosen, "none"), "the first that starts of "+strings.Join(lm.BackendNames(), ", ")+
		"; --backend takes another", "")
	if chosen == "" {
		return errors.New("no backend starts")
	}
	return failed
}

// examine runs doctor for one backend as a process of its own. One that ends
// without an answer was ended by its plugin.
func examine(ctx context.Context, name string, selfTest bool) []finding {
	self, err := os.Executable()
	if err != nil {
		return []finding{{"backend " + name, "failed", err.Error(), ""}}
	}
	args := []string{"doctor", "--backend", name, "-o", "json"}
	if selfTest {
		args = append(args, "--self-test")
	}
	var out, told bytes.Buffer
	process := exec.CommandContext(ctx, self, args...)
	process.Stdout, process.Stderr = &out, &told
	err = process.Run()
	var found []finding
	if json.Unmarshal(out.Bytes(), &found) == nil && len(found) > 0 {
		return found
	}
	if ctx.Err() != nil {
		return []finding{{"backend " + name, "failed", fmt.Sprintf("no answer within %s", doctorLimit), ""}}
	}
	return []finding{{"backend " + name, "failed", fmt.Sprintf("its process ended without an answer (%v): the plugin is damaged or "+
		"for another system: fetch it again, or take it away%s", err, firstWords(told.String())), ""}}
}

// firstWords are the first line of what a process told.
func firstWords(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if line == "" {
		return ""
	}
	return ": " + line
}
