package lake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"alignctl/internal/failpoint"
)

// crashRun is the run that is killed: a table with two scopes, one without, and
// one that grows, over two publishes.
func crashRun(ctx context.Context, dir string) error {
	l, err := Open(ctx, dir)
	if err != nil {
		return err
	}
	defer l.Close()
	return crashOn(ctx, l)
}

func crashOn(ctx context.Context, l *Lake) (err error) {
	r, err := l.Begin(ctx, RunInfo{Command: "crash"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for _, language := range []string{"en", "zh"} {
		if _, err := r.Write(ctx, wordSpec(), language, words(language, 40)); err != nil {
			return err
		}
	}
	if _, err := r.Write(ctx, exampleSpec(), "", exampleQuery); err != nil {
		return err
	}
	if _, err := ReplaceRows(ctx, r, stepSpec(), "a", steps(0, 5)); err != nil {
		return err
	}
	_, err = r.Publish(ctx, Done)
	return err
}

// Properties, at every failpoint of a run that is killed there:
//   - all of the run's tables are as before it, or all are as after it;
//   - the lake passes its check, whatever files were left behind;
//   - running it again gives the digests of a run that wasn't killed.
func TestKilledRun(t *testing.T) {
	before, after := crashLake(t), crashLake(t)
	if err := crashRun(t.Context(), after.Dir()); err != nil {
		t.Fatal(err)
	}
	states := map[string]string{digests(t, before): "before", digests(t, after): "after"}
	for _, point := range append(Failpoints(), "lake.write.staged:3", "lake.publish.in-tx:3") {
		t.Run(point, func(t *testing.T) {
			l := crashLake(t)
			kill(t, "crash", l.Dir(), point)
			state, ok := states[digests(t, l)]
			if !ok {
				t.Errorf("killed at %s, the lake holds neither the old state nor the new:\n%s", point, digests(t, l))
			}
			if want := map[bool]string{true: "after", false: "before"}[point == "lake.publish.after-tx"]; state != want {
				t.Errorf("killed at %s, the lake is as %s the run, want %s", point, state, want)
			}
			expectWhole(t, l, "killed at "+point)
			if err := crashRun(t.Context(), l.Dir()); err != nil {
				t.Errorf("run again: %v", err)
			}
			if got := states[digests(t, l)]; got != "after" {
				t.Errorf("run again, the lake is as %q", got)
			}
		})
	}
}

// crashLake is a lake in which an earlier run wrote other rows to all tables.
func crashLake(t *testing.T) *Lake {
	t.Helper()
	l := newLake(t)
	fillLake(t, l)
	return l
}

func fillLake(t *testing.T, l *Lake) {
	t.Helper()
	r := begin(t, l)
	defer r.Close()
	write(t, r, wordSpec(), "en", words("en", 3))
	write(t, r, wordSpec(), "fr", words("fr", 3))
	write(t, r, exampleSpec(), "", exampleQuery+" where i = 1")
	addSteps(t, r, steps(0, 2))
	publish(t, r, Done)
}

// digests prints what the lake's tables hold, meta tables aside.
func digests(t *testing.T, l *Lake) string {
	t.Helper()
	infos, err := l.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, info := range infos {
		if info.Digest != "" {
			fmt.Fprintln(&out, info.Table, info.Rows, info.Digest)
		}
	}
	return out.String()
}

// kill runs a role in a child process that dies at a failpoint.
func kill(t *testing.T, role, dir, point string) {
	t.Helper()
	output, err := child(t, role, dir, failpoint.Variable+"="+point).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the child wasn't killed at %s: %v\n%s", point, err, output)
	}
}

// An Init that is killed can be run again.
func TestInitAgain(t *testing.T) {
	l := newLake(t)
	if err := os.Remove(filepath.Join(l.Dir(), "lake.json")); err != nil {
		t.Fatal(err)
	}
	again, err := initHere(t.Context(), l.Dir())
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
