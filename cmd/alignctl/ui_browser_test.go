package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestUIInBrowser drives alignctl ui in headless Chromium, where make
// test-browser brought one: see tests/browser/ui.js.
func TestUIInBrowser(t *testing.T) {
	if os.Getenv("ALIGNCTL_BROWSER") == "" {
		t.Skip("no browser: make test-browser brings one")
	}
	script := filepath.Join(workingFolder(t), "..", "..", "tests", "browser", "ui.js")
	program, err := exec.LookPath("alignctl")
	if err != nil {
		t.Fatal(err)
	}
	reportedLake(t)
	alignctl(t, "model", "init", "--data", "data.sft_ranked", "--vocab", "900", "--hidden", "96", "--layers", "3", "--heads", "4", "base")
	driven := exec.CommandContext(t.Context(), "node", "--test", script)
	driven.Env = append(os.Environ(), "ALIGNCTL="+program, "LAKE=lake", "MODEL=base")
	if out, err := driven.CombinedOutput(); err != nil {
		t.Errorf("alignctl ui in the browser: %v\n%s", err, out)
	}
}
