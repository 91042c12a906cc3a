package norms

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"alignctl/lake"

	"alignctl/etl/etltest"
)

// realFile is a published file, where such files are at hand.
func realFile(t *testing.T, folder, name string) string {
	t.Helper()
	data := os.Getenv("ALIGNCTL_TESTDATA")
	if data == "" {
		t.Skip("set ALIGNCTL_TESTDATA to a folder with norms_en/ and norms_zh/ to load the published files")
	}
	return filepath.Join(data, folder, name)
}

// TestPublishedFiles loads the published files whole.
func TestPublishedFiles(t *testing.T) {
	l := etltest.NewLake(t)
	for _, f := range []struct {
		set, folder, name string
		words             int64
	}{
		{"warriner", "norms_en", "BRM-emot-submit.csv", 13_915},
		{"brysbaert", "norms_en", "Concreteness_ratings_Brysbaert_et_al_BRM.txt", 39_954},
		{"cvaw", "norms_zh", "cvaw_simplified.csv", 5_465},
		{"ssdd", "norms_zh", "ssdd_mini_17940.csv", 17_940},
		{"xu-li-2020", "norms_zh", "xu_li_2020_concreteness.sample.csv", 309},
	} {
		report := load(t, l, builtin(t, f.set), realFile(t, f.folder, f.name))
		if report.Rows != f.words {
			t.Errorf("%s: %d records, want %d", f.set, report.Rows, f.words)
		}
		t.Logf("%s: %q, steps %v", f.set, report.Notes, report.Steps)
	}
	etltest.Expect(t, l, `select source, count(distinct word), count(distinct dimension), count(distinct "group"), count(*) from raw.norm
		group by source order by source`,
		"brysbaert|39954|1|1|39954", "cvaw|5465|2|1|10930", "ssdd|17940|6|1|107640", "warriner|13915|3|7|292215", "xu-li-2020|309|1|1|309")
	etltest.Expect(t, l, "select count(*) from core.norm where rule <> 'single'", "0")
	etltest.Expect(t, l, "select count(distinct word) from core.norm where source = 'warriner' and folded <> word", "31")
	etltest.Expect(t, l, "select count(*) from core.norm where source = 'xu-li-2020' and abs(value + original - 6) > 1e-12", "0")
	sameAsCSV(t, l)
}

// sameAsCSV holds raw.norm against encoding/csv's reading of Warriner's file.
func sameAsCSV(t *testing.T, l *lake.Lake) {
	t.Helper()
	file, err := os.Open(realFile(t, "norms_en", "BRM-emot-submit.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, r := range records[1:] {
		for i, name := range records[0] {
			if part := strings.Split(name, "."); len(part) == 3 && r[i] != "NA" {
				value, err := strconv.ParseFloat(r[i], 64)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, fmt.Sprintf("%s %s %v", r[1], name, value))
			}
		}
	}
	got := etltest.Query(t, l, `select word || ' ' || upper(dimension[1]) || '.' || number || '.' || "group", value::double from (
		from raw.norm select word, dimension, "group", mean as "Mean", sd as "SD", n::double as "Rat" where source = 'warriner')
		unpivot (value for number in ("Mean", "SD", "Rat"))`)
	for i := range got {
		got[i] = strings.Replace(got[i], "|", " ", 1)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d numbers, encoding/csv reads %d, or others", len(got), len(want))
	}
}
