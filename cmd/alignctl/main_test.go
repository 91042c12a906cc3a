package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run alignctl as a command: the test binary is the
// program.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"alignctl": func() {
		ctx, stop := interruptible(context.Background())
		code := run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}})
}

// TestScripts runs each testdata/script as a user's shell session.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: inheritEnvironment,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"fetch":     fetch,
			"interrupt": interrupt,
			"lets":      lets,
			"mock":      mock,
			"swowfile":  swowfile,
			"ui":        uiScript,
			"uncomment": uncomment,
		},
		Condition: func(name string) (bool, error) {
			_, ok := os.LookupEnv(name)
			return ok, nil // [ALIGNCTL_TESTDATA], [PJRT_PLUGIN_LIBRARY_PATH], ...
		},
	})
}

// inherited are the variables by which a machine lends its data and plugins.
var inherited = []string{"ALIGNCTL_TESTDATA", "ALIGNCTL_TESTMODELS", "PJRT_PLUGIN_LIBRARY_PATH", "GOMLX_NO_AUTO_INSTALL",
	"ALIGNCTL_TRL", "ALIGNCTL_LLAMAFACTORY", "ALIGNCTL_OPENRLHF"}

// folders of the repository that scripts read.
var folders = map[string]string{
	"CASES":     "../../train/lm/testdata/cases",  // of tokenizers
	"GOLDEN":    "../../train/lm/testdata/golden", // tiny models, and adapters that peft made
	"HANDOVER":  "../../train/handover/peers",     // what other trainers make of a job
	"PEERS":     "../../sql/export/peers",         // what other trainers make of an export
	"REFERENCE": "../../tests/reference",          // what checks alignctl without sharing anything with it
}

func inheritEnvironment(env *testscript.Env) error {
	env.Values[browsing{}] = map[string]*browsed{}
	for name, folder := range folders {
		path, err := filepath.Abs(folder)
		if err != nil {
			return err
		}
		env.Setenv(name, path)
	}
	for _, name := range inherited {
		if value, ok := os.LookupEnv(name); ok {
			env.Setenv(name, value)
		}
	}
	return nil
}
