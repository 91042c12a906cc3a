package norms

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"alignctl/etl"
	"alignctl/lake/duck"
)

// onSpark runs a transform on Spark, over Parquet files of its inputs.
const onSpark = `
import sys
from pyspark.sql import SparkSession
folder, query = sys.argv[1:]
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
         .config("spark.sql.shuffle.partitions", "2").config("spark.sql.ansi.doubleQuotedIdentifiers", "true").getOrCreate())
for name in ("norm_record", "norm_scale"):
    spark.read.parquet(f"{folder}/{name}.parquet").createOrReplaceTempView(name)
spark.sql(open(query).read()).coalesce(1).write.parquet(f"{folder}/spark")
`

// TestSparkAgrees runs the transform on Spark: the same rows come out.
func TestSparkAgrees(t *testing.T) {
	python := os.Getenv("ALIGNCTL_PYSPARK")
	if python == "" {
		t.Skip("set ALIGNCTL_PYSPARK to a Python with pyspark to run the transform on Spark, too")
	}
	ctx, dir := t.Context(), t.TempDir()
	db, err := duck.Open(ctx, duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	query, err := transforms.ReadFile("sql/norm.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"create table norm_scale as " + scaleRows(),
		"create table norm_record as " + manyRatings(t, db),
		fmt.Sprintf("copy norm_scale to '%s/norm_scale.parquet'", dir),
		fmt.Sprintf("copy norm_record to '%s/norm_record.parquet'", dir),
	} {
		if err := db.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(ctx, python, "-c", onSpark, dir, filepath.Join("sql", "norm.sql")).CombinedOutput(); err != nil {
		t.Fatalf("spark: %v\n%s", err, out)
	}
	theirs := fmt.Sprintf("select * from read_parquet('%s/spark/*.parquet')", dir)
	n, err := db.Count(ctx, fmt.Sprintf("select count(*) from ((%[1]s) except all (%[2]s) union all ((%[2]s) except all (%[1]s)))", query, theirs))
	if err != nil || n != 0 {
		t.Errorf("%d rows differ: %v", n, err)
	}
	if n, err := db.Count(ctx, "select count(*) from ("+theirs+")"); err != nil || n < 500 {
		t.Errorf("only %d rows: %v", n, err)
	}
}

// manyRatings selects rows for raw.norm from an invented file with homographs,
// repeated words and records without a mean or raters.
func manyRatings(t *testing.T, db *duck.DB) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("word,c,s,n,v\n")
	for i := range 2000 {
		word, mean, raters := fmt.Sprintf("w%d", i%700), fmt.Sprint(1+float64(i*7919%4001)/1000), fmt.Sprint(i%40)
		if i%3 == 0 {
			word += fmt.Sprintf(" (sense %d)", i%5)
		}
		if i%11 == 0 {
			raters = ""
		}
		if i%13 == 0 {
			mean = ""
		}
		fmt.Fprintf(&b, "%s,%s,0.%d,%s,%v\n", word, mean, i, raters, float64(i*31%601)/100-3)
	}
	set := mapping(t, "language: en\nsenses: true\nword: word\ndimensions:\n"+
		"  concreteness: {low: 1, high: 5, reversed: true, mean: c, sd: s, n: n}\n  valence: {low: -3, high: 3, mean: v}\n")
	f, err := etl.Check(t.Context(), write(t, "many.csv", b.String()), set.Layouts(), etl.CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := etl.Stage(t.Context(), db, "many", f); err != nil {
		t.Fatal(err)
	}
	q := stagedQuery{"many", set, f, "many"}
	if err := q.simplify(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return q.sql()
}
