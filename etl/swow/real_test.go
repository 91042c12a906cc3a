package swow

import (
	"os"
	"path/filepath"
	"testing"

	"alignctl/lake/duck"

	"alignctl/etl/etltest"
)

// TestOfficialStrengths loads the reconstructed part of the real R100 file
// and compares it with the official strength tables.
func TestOfficialStrengths(t *testing.T) {
	data := os.Getenv("ALIGNCTL_TESTDATA")
	if data == "" {
		t.Skip("set ALIGNCTL_TESTDATA to a folder with swow_en/ to compare with the official tables")
	}
	l := etltest.NewLake(t)
	o := Options{Files: []string{filepath.Join(data, "swow_en", "SWOW-EN.R100.reconstructed_993cues.csv")}}
	first := load(t, l, o)
	if first.Rows != 99_300 {
		t.Errorf("%d records, want 99300", first.Rows)
	}
	t.Logf("steps: %v", first.Steps)

	ours := "(select * from core.strength where population = 'all')"
	official := officialTable(filepath.Join(data, "swow_en", "strength.SWOW-EN.R123.first1000cues.csv"))
	etltest.Expect(t, l, "select count(*) from "+official, "116406")
	etltest.Expect(t, l, "select count(*) from "+official+" o join "+ours+` s using (cue, response)
		where o.n = s.n123 and ((o.total = s.total123 and abs(o.strength - s.strength123) <= 1e-12) or cue = 'none')`, "116406")
	// The official file was made by a reader that took the response null to
	// the cue none for a missing value.
	etltest.Expect(t, l, "select cue, response, n123, total123 from "+ours+" s anti join "+official+" o using (cue, response)", "none|null|2|285")

	first1 := officialTable(filepath.Join(data, "swow_en", "strength.SWOW-EN.R1.csv"))
	etltest.Expect(t, l, "select count(*) from (select * from "+first1+" where cue in (select cue from "+ours+")) o full join (select * from "+
		ours+" where n1 > 0) s using (cue, response) where o.n is distinct from s.n1 or o.total is distinct from s.total1", "0")

	second := load(t, l, o)
	if !second.Unchanged() {
		t.Errorf("second load moved: %+v", second.Tables)
	}
}

// TestOfficialStrengthsByAllSteps sends the same file through every step, as if
// nobody had cleaned it: no rule that needs no word list removes anybody, and
// the sample of 100 a cue is the file.
func TestOfficialStrengthsByAllSteps(t *testing.T) {
	data := os.Getenv("ALIGNCTL_TESTDATA")
	if data == "" {
		t.Skip("set ALIGNCTL_TESTDATA to a folder with swow_en/ to compare with the official tables")
	}
	l := etltest.NewLake(t)
	o := Options{Files: []string{filepath.Join(data, "swow_en", "SWOW-EN.R100.reconstructed_993cues.csv")}, Steps: AllSteps}
	load(t, l, o)
	etltest.Expect(t, l, "select status, count(*) > 0 from core.participant group by status", "Valid|true")
	etltest.Expect(t, l, "select unit, sum(n) from core.removed where step > 3 group by unit order by unit", "participant|0", "record|0", "slot|0")
	official := officialTable(filepath.Join(data, "swow_en", "strength.SWOW-EN.R123.first1000cues.csv"))
	etltest.Expect(t, l, "select count(*) from "+official+` o join core.strength s using (cue, response)
		where s.population = 'all' and o.n = s.n123`, "116406")
}

// officialTable reads a published strength table: tabs, no quotes, nothing
// that stands for a missing value.
func officialTable(path string) string {
	return `(select * from read_csv(` + duck.Literal(path) + `, auto_detect = false, header = true, delim = '\t', quote = '',
		escape = '', nullstr = '\x00', columns = {'cue': 'VARCHAR', 'response': 'VARCHAR', 'n': 'BIGINT', 'total': 'BIGINT',
		'strength': 'DOUBLE'}))`
}
