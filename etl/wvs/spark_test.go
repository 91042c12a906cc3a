package wvs

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"alignctl/lake/duck"
)

// onSpark runs the transforms on Spark, over Parquet files of their inputs.
const onSpark = `
import sys
from pyspark.sql import SparkSession
folder = sys.argv[1]
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
         .config("spark.sql.shuffle.partitions", "2").config("spark.sql.ansi.doubleQuotedIdentifiers", "true").getOrCreate())
for name in ("respondent", "answer", "source", "fact", "code", "text", "label"):
    spark.read.parquet(f"{folder}/wvs_{name}.parquet").createOrReplaceTempView(f"wvs_{name}")
spark.sql(open("sql/tally.sql").read()).createOrReplaceTempView("wvs_tally")
for name in ("tally", "distribution", "missing", "question", "option"):
    spark.sql(open(f"sql/{name}.sql").read()).coalesce(1).write.parquet(f"{folder}/{name}")
`

// sparkInputs are invented answers of two countries, one without weights, with
// codes beside the lists and empty cells.
var sparkInputs = []string{
	"create table wvs_source as select 's' as source",
	`create table wvs_respondent as select i::integer as respondent, 'XA' || chr(65 + (i % 2)::integer) as country,
		case when i % 2 = 0 and i % 7 <> 0 then round((i % 97) / 31.0, 10)::double end as weight from range(500) t(i)`,
	`create table wvs_answer as select 'Q' || q as question, i::integer as respondent,
		case when (i * q) % 11 <> 0 then ((i * 31 + q * 17) % 13 - 4)::integer end as code
		from range(500) t(i), (values (1), (56), (122), (164), (223)) as u(q)
		union all select 'Q125', i::integer, -4 from range(500) t(i)`,
}

// TestSparkAgrees runs each transform on Spark: the same rows come out.
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
	tally, err := transform("tally")
	if err != nil {
		t.Fatal(err)
	}
	p := Plan{codebook: &Codebook{Texts: []Text{{"Q1", "zh", "多重要？"}},
		Labels: []Label{{"Q1", "zh", 1, 0, "很"}, {"Q1", "zh", 2, 7, "不"}, {"Q223", "en", 5, 0, "a party"}}}}
	statements := append(append(factTables(), p.wordTables()...), sparkInputs...)
	for _, name := range []string{"respondent", "answer", "source", "fact", "code", "text", "label"} {
		statements = append(statements, fmt.Sprintf("copy wvs_%s to '%s/wvs_%[1]s.parquet'", name, dir))
	}
	for _, statement := range append(statements, "create table wvs_tally as "+tally) {
		if err := db.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(ctx, python, "-c", onSpark, dir).CombinedOutput(); err != nil {
		t.Fatalf("spark: %v\n%s", err, out)
	}
	for name, atLeast := range map[string]int64{"tally": 90, "distribution": 40, "missing": 600, "question": 335, "option": 1500} {
		query, err := transform(name)
		if err != nil {
			t.Fatal(err)
		}
		theirs := fmt.Sprintf("select * from read_parquet('%s/%s/*.parquet')", dir, name)
		n, err := db.Count(ctx, fmt.Sprintf(
			"select count(*) from ((%[1]s) except all (%[2]s) union all ((%[2]s) except all (%[1]s)))", query, theirs))
		if err != nil || n != 0 {
			t.Errorf("%s: %d rows differ: %v", name, n, err)
		}
		if n, err := db.Count(ctx, "select count(*) from ("+theirs+")"); err != nil || n < atLeast {
			t.Errorf("%s: only %d rows: %v", name, n, err)
		}
	}
}
