//go:build linux && !nospark

package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/bench/measure"
	"alignctl/etl/spark/sparktest"
	"alignctl/etl/swow/swowtest"
	"alignctl/internal/disk/storetest"
)

// TestOnSpark brings sources into two lakes, by DuckDB and by Spark: every table
// has the same digest, and what one engine loaded is up to date for the other.
// So it is with a data set.
func TestOnSpark(t *testing.T) {
	server := sparktest.Start(t, "local[2]")
	t.Run("demo", func(t *testing.T) {
		exportDemo(t)
		onBoth(t, server)
		againOnSpark(t, server)
		buildsOnBoth(t, server)
	})
	t.Run("guide", func(t *testing.T) {
		follow(t, "spark", func(s *shell) { s.names["sc://localhost:15002"] = server.Remote })
	})
}

// exportDemo goes to a new folder with the demo's sources.
func exportDemo(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("ALIGNCTL_LAKE", "")
	spent(t, "demo", "--export", ".")
}

// TestOnSparkFromBucket is TestOnSpark for a team's lake: Spark reads its rows in
// the bucket.
func TestOnSparkFromBucket(t *testing.T) {
	team := startTeamServers(t)
	for name, value := range team.environment() {
		t.Setenv(name, value)
	}
	server := sparktest.Start(t, "local[2]", sparktest.Buckets(t, team.bucket)...)
	var read atomic.Int64
	team.bucket.Before(func(_ http.ResponseWriter, q *http.Request) bool {
		if q.Method == http.MethodGet && strings.HasPrefix(q.UserAgent(), "Hadoop") && strings.HasSuffix(q.URL.Path, ".parquet") {
			read.Add(1)
		}
		return false
	})
	exportDemo(t)
	onBoth(t, server, "--catalog", team.catalog, "--warehouse", "s3://"+storetest.Bucket+"/lake")
	if loaded := read.Load(); loaded == 0 {
		t.Error("a load read nothing from the bucket")
	}
	buildsOnBoth(t, server)
	t.Logf("Spark read %d times from the bucket", read.Load())
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

// onBoth brings the sources of the workspace into the lakes here and there, which
// may be elsewhere, and compares them.
func onBoth(t *testing.T, server *sparktest.Server, where ...string) {
	t.Helper()
	spent(t, "init", "here")
	here := spent(t, "etl", "run", "--lake", "here")
	spent(t, append(append([]string{"init"}, where...), "there")...)
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

// placesView is a view with what tells engines apart: ranks, NULLs, quotients,
// texts that look like SQL, a table of which it sees one scope.
const placesView = `-- view: data.places
-- doc: The responses to a cue by their places.
-- key: language, population, cue, response
-- engines: duckdb, spark
-- licence: no-redistribution
-- param: recipe string cue-70-20-10 "recipe in core.split"
-- param: least int 1 0.. "people, at least"
-- param: share double 0.9 "of the people"
-- param: mark string plain "a text"
-- column: low null "NULL but for the last places"
-- column: before null "the response one place higher"
WITH strength AS (
    SELECT "s".language, population, s.cue, response, coalesce(n123, n1) AS n, split,
        row_number() OVER (PARTITION BY s.language, population, s.cue
            ORDER BY coalesce(n123, n1) DESC NULLS LAST, response NULLS LAST) AS place
    FROM core . "strength" s -- not core.split
    JOIN core.split ON split.language = s.language AND split.cue = s.cue
    WHERE coalesce(n123, n1) >= getvariable('least')
)
SELECT language, population, cue, response, place,
    CASE WHEN place > 2 THEN n END AS low, 'core.strength\' || getvariable('mark') || split AS note,
    lag(response) OVER (PARTITION BY language, population, cue ORDER BY place NULLS LAST) AS before,
    cast(sum(n) OVER (PARTITION BY language, population, cue) AS bigint) AS people,
    md5(cue || '|' || response) AS draw, cast(n AS double) * getvariable('share') / 3e0 AS third
FROM strength
`

// buildsOnBoth builds a data set in the lakes here and there.
func buildsOnBoth(t *testing.T, server *sparktest.Server) {
	t.Helper()
	keepView(t, "places", placesView)
	build := []string{"data", "build", "--set", "mark=it's ⟨ß⟩\\n", "--set", "recipe=cue-70-20-10", "--lake"}
	onSpark := []string{"--prove", "--engine", "spark", "--remote", server.Remote, "places"}
	output(t, append(build, "here", "places")...)
	output(t, append(append(build, "there"), onSpark...)...)
	const made = "select rows, digest, json_extract_string(config, '$.recipe') from meta.snapshots s " +
		"join meta.runs using (run_id) where table_name = 'data.places'"
	want := output(t, "sql", "--lake", "here", "-o", "csv", made)
	if diff := cmp.Diff(want, output(t, "sql", "--lake", "there", "-o", "csv", made)); diff != "" {
		t.Errorf("data sets differ: %s", diff)
	}
	t.Logf("data set on both: %s", want)
	if got := output(t, append(append(build, "here"), onSpark...)...); !strings.Contains(got, "data.places\tunchanged") {
		t.Errorf("after DuckDB, Spark has something to do:\n%s", got)
	}
	// DuckDB's own, on line 24 of the file.
	keepView(t, "places", strings.Replace(placesView, "md5(cue", "list_count(list_value(cue)) as one, md5(cue", 1))
	said, err := exec.Command("alignctl", append(append(build, "there"), onSpark[1:]...)...).CombinedOutput()
	if err == nil || !strings.Contains(string(said), "places.sql:24: ") || !strings.Contains(string(said), "UNRESOLVED_ROUTINE") {
		t.Errorf("what Spark rejects: %v\n%s", err, said)
	}
}

// keepView writes a view of the workspace.
func keepView(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll("views", 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("views", name+".sql"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
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
