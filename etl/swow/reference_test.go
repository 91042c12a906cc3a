package swow

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"alignctl/etl/swow/swowtest"
	"alignctl/lake/duck"

	"alignctl/etl/etltest"
)

// TestReference compares every table of the official cleaning with what
// tests/reference/swow.py, which shares nothing with this package, makes of the
// same file.
func TestReference(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("install python3 to compare with tests/reference/swow.py")
	}
	size := swowtest.Size{Cues: 40, PerCue: 150}
	if os.Getenv("ALIGNCTL_LONG") != "" {
		size = swowtest.Size{Cues: 1_500, PerCue: 140}
	}
	file, lists := generated(t, size)
	lists.Spelling = "" // no official step
	out := t.TempDir()
	run := exec.Command(python, filepath.Join("..", "..", "tests", "reference", "swow.py"), "--out", out,
		"--words", lists.Lexicon, "--cues", lists.CueCorrections, "--variants", lists.Variants, file)
	if text, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	l := etltest.NewLake(t)
	load(t, l, Options{Files: []string{file}, Lists: lists})
	const official = "where population = 'official'"
	for _, c := range []struct{ table, columns, theirs, ours string }{
		{"participants", "'participant': 'varchar', 'status': 'varchar'", "*",
			"select participant_id, status from core.participant"},
		{"removed", "'unit': 'varchar', 'step': 'int', 'reason': 'varchar', 'n': 'bigint'", "*",
			"select unit, step, reason, n from core.removed where n > 0"},
		{"sample", "'cue': 'varchar', 'participant': 'varchar', 'id': 'bigint'", "*", `
			select a.cue, a.participant_id, r.trial_id from core.association a join raw.swow r using (file_id, line)
			where a.position = 1 and coalesce(a.removed, 'variant') = 'variant'`},
		{"r1", strengthColumns, "cue, response, n, total, round(strength, 12)",
			"select cue, response, n1, total1, round(strength1, 12) from core.strength " + official + " and n1 > 0"},
		{"r123", strengthColumns, "cue, response, n, total, round(strength, 12)",
			"select cue, response, n123, total123, round(strength123, 12) from core.strength " + official},
		{"cue_stats", "'cue': 'varchar', 'types': 'bigint', 'tokens': 'bigint', 'entropy': 'double', 'coverage': 'double', " +
			"'unknown': 'double', 'missing_r2': 'double', 'missing_r3': 'double'",
			`cue, types, tokens, round(entropy, 9), round(coverage, 12), round("unknown", 12), round(missing_r2, 12),
				round(missing_r3, 12)`, `
			select cue, types123, tokens123, entropy123, round(coverage123, 12), round(unknown_share, 12),
				round(missing2_share, 12), round(missing3_share, 12) from core.cue_stats ` + official},
		{"response_stats", "'response': 'varchar', 'types': 'bigint', 'tokens': 'bigint'", "*",
			"select response, cues123, n123 from core.response_stats " + official},
	} {
		t.Run(c.table, func(t *testing.T) {
			theirs := fmt.Sprintf(`select %s from read_csv(%s, auto_detect = false, header = true, delim = '\t', quote = '"',
				escape = '"', nullstr = '\x01', columns = {%s})`, c.theirs, duck.Literal(filepath.Join(out, c.table+".tsv")), c.columns)
			etltest.Expect(t, l, "select count(*) > 0 from ("+theirs+")", "true")
			etltest.Expect(t, l, "select * from (("+c.ours+") except all ("+theirs+")) limit 5")
			etltest.Expect(t, l, "select * from (("+theirs+") except all ("+c.ours+")) limit 5")
		})
	}
}

const strengthColumns = "'cue': 'varchar', 'response': 'varchar', 'n': 'bigint', 'total': 'bigint', 'strength': 'double'"
