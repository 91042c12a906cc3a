package lm

import (
	"strings"
	"testing"
)

func TestOpenBackendChoosesFirstThatStarts(t *testing.T) {
	chosen := ""
	for _, name := range BackendNames() {
		detail, err := DescribeBackend(name)
		t.Logf("%s: %s %v", name, detail, err)
		if strings.Contains(detail, "\n") || err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("backend %q: detail %q or error %v isn't one line", name, detail, err)
		}
		if err == nil && chosen == "" {
			chosen = name
		}
	}
	backend, name, err := OpenBackend("")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	if name != chosen {
		t.Errorf("opened %q, but the first that starts is %q", name, chosen)
	}
}
