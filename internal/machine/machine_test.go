package machine

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestMemory(t *testing.T) {
	total, available, known := Memory()
	if known != (runtime.GOOS == "linux") || available < 0 || available > total {
		t.Errorf("total %d, available %d, known %v", total, available, known)
	}
}

func TestReadsWhatTheSystemTells(t *testing.T) {
	path := filepath.Join(t.TempDir(), "told")
	for text, want := range map[string]int64{"MemTotal:       2 kB\nHugePages_Total:   0\n": 2048, "MemTotal: many\n": 0, "": 0} {
		write(t, path, text)
		if got := meminfo(path)["MemTotal"]; got != want {
			t.Errorf("%q: total %d, want %d", text, got, want)
		}
	}
	for text, want := range map[string]int64{"1000\n": 1000, "max\n": -1} {
		write(t, path, text)
		if limit, limited := cgroupLimit(path); limited != (want >= 0) || limited && limit != want {
			t.Errorf("%q: limit %d, %v", text, limit, limited)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFree(t *testing.T) {
	if bytes, known := Free(t.TempDir()); known && bytes <= 0 {
		t.Errorf("a disk that takes this test has %d bytes", bytes)
	}
	if _, known := Free(filepath.Join(t.TempDir(), "nowhere")); known {
		t.Error("a folder that isn't there has a disk")
	}
}
