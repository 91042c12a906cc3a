package train

import (
	"os"
	"testing"
)

func TestTrial(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	trial, err := Try(t.Context(), "go")
	if err != nil {
		t.Fatal(err)
	}
	if !(trial.Last < trial.First) || trial.Steps != trialSteps || !(trial.TokensPerSecond > 0) {
		t.Errorf("trial %+v", trial)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := Try(t.Context(), "tpu"); err == nil {
		t.Error("an unknown backend was tried")
	}
}
