// Package golden keeps what tests expect in files: go test -update rewrites
// them, and their difference is read before it is committed.
package golden

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the files that tests compare with")

// Updating says whether files are rewritten rather than compared with.
func Updating() bool { return *update }

// Check compares a text with the file at path, or writes it there.
func Check(t testing.TB, path, got string) {
	t.Helper()
	if Updating() {
		Write(t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is stale (go test -update rewrites it): (-want +got)\n%s", path, diff)
	}
}

// Write writes a file that tests compare with.
func Write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
