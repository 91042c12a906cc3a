//go:build cgo && linux && amd64 && !noxla

package lm

import (
	"os"
	"strings"
	"testing"
)

// A file that is no library, and one whose end is missing: the loader would read
// beyond it and be killed.
func TestOpenBackendRefusesDamagedPlugin(t *testing.T) {
	whole, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Skip("no library at hand to cut: ", err)
	}
	for what, content := range map[string][]byte{"text": []byte("not a library"), "cut": whole[:len(whole)/4]} {
		folder := t.TempDir()
		path := folder + "/pjrt_c_api_cpu_plugin.so"
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		t.Setenv(pluginFolders, folder)
		for _, name := range []string{"xla:" + path, "xla:cpu", "xla:cuda"} {
			backend, _, err := OpenBackend(name)
			if err == nil {
				backend.Finalize()
				t.Fatalf("%s: %s was opened as a plugin", name, what)
			}
			if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, path) || !strings.Contains(text, "again") {
				t.Errorf("%s: error %q isn't one line with the file and the cure", name, text)
			}
		}
	}
}
