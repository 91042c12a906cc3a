package swow

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"alignctl/etl"
	"alignctl/etl/etltest"
	"alignctl/etl/swow/swowtest"
	"alignctl/lake/duck"
)

// onSpark runs transforms on Spark in their order, over Parquet files of what
// the prelude gives.
const onSpark = `
import sys
from pyspark.sql import SparkSession
folder, inputs, temporary, tables = sys.argv[1], *(argument.split(",") for argument in sys.argv[2:])
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
         .config("spark.sql.shuffle.partitions", "2").config("spark.sql.ansi.doubleQuotedIdentifiers", "true").getOrCreate())
for name in inputs:
    spark.read.parquet(f"{folder}/in/{name}.parquet").createOrReplaceTempView(f"swow_{name}")
for name in temporary + tables:
    spark.sql(open(f"sql/{name}.sql").read()).coalesce(1).write.parquet(f"{folder}/{name}")
    if name in temporary:
        spark.read.parquet(f"{folder}/{name}").createOrReplaceTempView(f"swow_{name}")
`

// What the prelude gives, what the transforms make for each other, and the core
// tables.
var (
	sparkInputs = strings.Fields("record file language kind token mask native rule sample setting lexicon spelling cue_correction " +
		"variant fold shape step population member component")
	sparkTemporary = strings.Fields("text reading word slot shown person trial judged surplus kept edge asked tally")
	sparkTables    = strings.Fields("association participant strength cue_stats response_stats removed")
)

// TestSparkAgrees runs each transform on Spark: the same rows come out, numbers
// of words and participants included.
func TestSparkAgrees(t *testing.T) {
	python := os.Getenv("ALIGNCTL_PYSPARK")
	if python == "" {
		t.Skip("set ALIGNCTL_PYSPARK to a Python with pyspark to run the transforms on Spark, too")
	}
	ctx, dir := t.Context(), t.TempDir()
	db, err := duck.Open(ctx, duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := cleanIn(t, db); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+"/in", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range sparkInputs {
		if err := db.Exec(ctx, fmt.Sprintf("copy (select * from swow_%s) to '%s/in/%[1]s.parquet'", name, dir)); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.CommandContext(ctx, python, "-c", onSpark, dir, strings.Join(sparkInputs, ","),
		strings.Join(sparkTemporary, ","), strings.Join(sparkTables, ","))
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("spark: %v\n%s", err, out)
	}
	for _, name := range append(sparkTemporary, sparkTables...) {
		ours, err := transform(name)
		if err != nil {
			t.Fatal(err)
		}
		theirs := fmt.Sprintf("select * from read_parquet('%s/%s/*.parquet')", dir, name)
		n, err := db.Count(ctx, fmt.Sprintf(
			"select count(*) from ((%[1]s\n) except all (%[2]s) union all ((%[2]s) except all (%[1]s\n)))", ours, theirs))
		if err != nil || n != 0 {
			t.Errorf("%s: %d rows differ: %v", name, n, err)
		}
		if n, err := db.Count(ctx, "select count(*) from ("+theirs+")"); err != nil || n == 0 {
			t.Errorf("%s: no rows: %v", name, err)
		}
	}
}

// cleanIn runs the cleaning of an invented file in a database of its own, and
// leaves all temporary tables there.
func cleanIn(t *testing.T, db *duck.DB) error {
	t.Helper()
	ctx := context.Background()
	file, lists := generated(t, swowtest.Size{Cues: 40, PerCue: 120})
	p, err := Prepare(ctx, etltest.NewLake(t), Options{Files: []string{file}, Language: "en", Lists: lists, SelfAnswers: DropSelf})
	if err != nil {
		return err
	}
	if err := etl.Stage(ctx, db, staged(0), p.files[0]); err != nil {
		return err
	}
	for name, f := range p.lists {
		if err := etl.Stage(ctx, db, stagedList(name), f); err != nil {
			return err
		}
	}
	if err := db.Exec(ctx, "create schema raw; create table raw.swow as "+p.stagedQuery(0)); err != nil {
		return err
	}
	c := &cleaning{loader: &loader{plan: p}, session: db, language: p.language, steps: AllSteps, self: DropSelf,
		populations: p.populations, staged: p.lists}
	if err := c.prelude(ctx); err != nil {
		return err
	}
	if err := c.make(ctx, sparkTemporary[:10]...); err != nil { // as far as the records are cleaned
		return err
	}
	return c.counts(ctx)
}
