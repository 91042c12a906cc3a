package main

import (
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// uncomment is the script command `uncomment FILE`: it puts the settings into
// force that stand in comments of an alignctl.yaml as init leaves it, as that
// file tells people to.
func uncomment(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: uncomment FILE")
	}
	path := ts.MkAbs(args[0])
	var b strings.Builder
	for line := range strings.Lines(ts.ReadFile(path)) {
		b.WriteString(strings.TrimPrefix(line, "# "))
	}
	ts.Check(os.WriteFile(path, []byte(b.String()), 0o644))
}
