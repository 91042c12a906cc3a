//go:build linux && !nospark

package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/bench/measure"
	"alignctl/etl/spark/sparktest"
	"alignctl/etl/swow/swowtest"
)

// TestOnSpark brings sources into two lakes, by DuckDB and by Spark: every table
// has the same digest, and what one engine loaded is up to date for the other.
func TestOnSpark(t *testing.T) {
	server := sparktest.Start(t, "local[2]")
	t.Run("demo", func(t *testing.T) {
		t.Chdir(t.TempDir())
		t.Setenv("ALIGNCTL_LAKE", "")
		spent(t, "demo", "--export", ".")
		onBoth(t, server)
		againOnSpark(t, server)
	})
	t.Run("guide", func(t *testing.T) {
		follow(t, "spark", func(s *shell) { s.names["sc://localhost:15002"] = server.Remote })
	})
}

// TestSparkCluster is TestOnSpark with five million generated records, on two
// executors in processes of their own, and prints what both engines took.
func TestSparkCluster(t *testing.T) {
	if os.Getenv("ALIGNCTL_LONG") == "" {
		t.Skip("ALIGNCTL_LONG isn't set")
	}
	server := sparktest.Start(t, "local-cluster[2,1,1024]", "spark.driver.memory=2g", "spark.sql.shuffle.partitions=32")
	t.Chdir(t.TempDir())
	t.Setenv("ALIGNCTL_LAKE", "")
	generateWorkspace(t)
	onBoth(t, server)
}

// onBoth brings the sources of the workspace into the lakes here and there, and
// compares them.
func onBoth(t *testing.T, server *sparktest.Server) {
	t.Helper()
	spent(t, "init", "here")
	here := spent(t, "etl", "run", "--lake", "here")
	spent(t, "init", "there")
	there := spent(t, "etl", "run", "--lake", "there", "--engine", "spark", "--remote", server.Remote)
	t.Logf("on Spark: DuckDB in alignctl %.0f s, %.0f MiB; Spark %.0f s, server and executors %d MiB, alignctl %.0f MiB",
		here.Wall.Seconds(), here.Peak, there.Wall.Seconds(), server.Peak(), there.Peak)
	const digests = "select table_name, rows, digest from meta.snapshots order by all"
	want := output(t, "sql", "--lake", "here", "-o", "csv", digests)
	if diff := cmp.Diff(want, output(t, "sql", "--lake", "there", "-o", "csv", digests)); diff != "" {
		t.Errorf("digests differ: %s", diff)
	}
	t.Logf("digests on both:\n%s", want)
	if got := output(t, "etl", "run", "--lake", "there"); strings.Contains(got, "loaded") || !strings.Contains(got, "up to date") {
		t.Errorf("after Spark, DuckDB has something to do:\n%s", got)
	}
	const engine = "select distinct json_extract_string(config, '$.engine') like 'spark 4%' as recorded from meta.runs where source = 'swow-en'"
	if got := output(t, "sql", "--lake", "there", "-o", "csv", engine); got != "recorded\ntrue\n" {
		t.Errorf("the run doesn't say what ran it: %s", got)
	}
}

// againOnSpark loads on Spark what DuckDB has loaded: no table moves.
func againOnSpark(t *testing.T, server *sparktest.Server) {
	t.Helper()
	text, err := os.ReadFile("alignctl.yaml")
	if err != nil {
		t.Fatal(err)
	}
	other := strings.ReplaceAll(string(text), "licence: Apache-2.0", "licence: Apache License 2.0")
	if err := os.WriteFile("alignctl.yaml", []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	got := output(t, "etl", "run", "--lake", "here", "--engine", "spark", "--remote", server.Remote, "swow-zh", "demo-survey")
	if strings.Count(got, "same rows") != 2 {
		t.Errorf("loaded again on Spark:\n%s", got)
	}
}

// generateWorkspace makes a file of five million records and its lists.
func generateWorkspace(t *testing.T) {
	t.Helper()
	size := swowtest.Size{Cues: swowtest.Complete.Cues, PerCue: 417}
	for name, fill := range map[string]func(io.Writer) error{
		"complete.csv": func(w io.Writer) error { return swowtest.WriteComplete(w, size, 1) },
		"words.txt":    swowtest.WriteLexicon,
		"cues.tsv":     func(w io.Writer) error { return swowtest.WriteCueCorrections(w, size) },
		"variants.txt": func(w io.Writer) error { return swowtest.WriteVariants(w, size) },
		"alignctl.yaml": func(w io.Writer) error {
			_, err := io.WriteString(w, "etl:\n  swow:\n    swow-en: {language: en, files: complete.csv, lexicon: words.txt, "+
				"cue_corrections: cues.tsv, variants: variants.txt}\n")
			return err
		},
	} {
		if err := measure.Create(".", name, fill); err != nil {
			t.Fatal(err)
		}
	}
}

// spent runs a command as a process of its own, and says what it took.
func spent(t *testing.T, args ...string) measure.Usage {
	t.Helper()
	usage, err := measure.Run(exec.Command("alignctl", args...))
	if err != nil {
		t.Fatalf("alignctl %s: %v", strings.Join(args, " "), err)
	}
	return usage
}

// output is what a command says on stdout.
func output(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.Command("alignctl", args...)
	command.Stderr = os.Stderr
	said, err := command.Output()
	if err != nil {
		t.Fatalf("alignctl %s: %v", strings.Join(args, " "), err)
	}
	return string(said)
}
