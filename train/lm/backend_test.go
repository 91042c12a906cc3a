package lm

import (
	"os"
	"strings"
	"testing"
)

func TestBackendsChoosesFirstUsable(t *testing.T) {
	chosen := ""
	for _, status := range Backends() {
		t.Logf("%+v", status)
		if status.Detail == "" || strings.Contains(status.Detail, "\n") {
			t.Errorf("backend %q: detail %q isn't one line", status.Name, status.Detail)
		}
		if status.Chosen != (status.Usable && chosen == "") {
			t.Errorf("backend %q: chosen %v, but %q came before", status.Name, status.Chosen, chosen)
		}
		if status.Chosen {
			chosen = status.Name
		}
	}
	backend, name, err := OpenBackend("")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	if name != chosen {
		t.Errorf("opened %q, but Backends says %q", name, chosen)
	}
}

func TestOpenBackendRefusesDamagedPlugin(t *testing.T) {
	path := t.TempDir() + "/pjrt_c_api_broken_plugin.so"
	if err := os.WriteFile(path, []byte("not a library"), 0o666); err != nil {
		t.Fatal(err)
	}
	backend, _, err := OpenBackend("xla:" + path)
	if err == nil {
		backend.Finalize()
		t.Fatal("a text file was opened as a plugin")
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q isn't one line", err)
	}
}
