package interop

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docsBlock is code in docs/interop.md, and what it prints.
var docsBlock = regexp.MustCompile("(?s)```python\n(.*?)```\n```text\n(.*?)```")

// The Python of docs/interop.md, block after block on one lake, prints what the
// page says.
func TestDocs(t *testing.T) {
	if os.Getenv("ALIGNCTL_PYICEBERG") == "" || os.Getenv("ALIGNCTL_PYSPARK") == "" {
		t.Skip("ALIGNCTL_PYICEBERG and ALIGNCTL_PYSPARK name no Python; run: make test-interop")
	}
	page, err := os.ReadFile("../../docs/interop.md")
	if err != nil {
		t.Fatal(err)
	}
	l := newLake(t)
	publish(t, l, write{spec: word, scope: "en", query: english})
	tag(t, l, "v1")
	publish(t, l, write{spec: word, scope: "zh", query: chinese})
	here := strings.NewReplacer("/data/lake", l.Dir(), "/data/jars", os.Getenv("ALIGNCTL_SPARK_JARS"))
	blocks := docsBlock.FindAllStringSubmatch(string(page), -1)
	if want := strings.Count(string(page), "```python"); len(blocks) != want || want < 3 {
		t.Fatalf("%d blocks of Python have an output, want all %d", len(blocks), want)
	}
	for _, block := range blocks {
		python := os.Getenv("ALIGNCTL_PYICEBERG")
		if strings.Contains(block[1], "pyspark") {
			python = os.Getenv("ALIGNCTL_PYSPARK")
		}
		command := exec.Command(python, "-c", here.Replace(block[1]))
		var log strings.Builder
		command.Stderr = &log
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, block[1], log.String())
		}
		if diff := cmp.Diff(strings.TrimSpace(block[2]), strings.TrimSpace(string(out))); diff != "" {
			t.Errorf("the page (-) and the run (+) differ: %s\n%s", diff, block[1])
		}
	}
	if got := rowsAt(t, l, "core.word", ""); len(got) != 8 {
		t.Errorf("alignctl reads %v after them, want 8 rows", got)
	}
}
