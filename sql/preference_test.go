package sql

import (
	"fmt"
	"strings"
	"testing"

	"alignctl/lake"
)

// preferenceWorld has a lake with 100 cues of 12 to 40 responses, two spellings
// to a cue group, in a population and a second one that says other things.
func preferenceWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, "")
	w.table("core.strength", []string{"language", "population", "cue", "response"}, `
		SELECT 'en' AS language, population, 'cue' || c AS cue, 'word' || r AS response, NULL::BIGINT AS n1,
			(1 + 90 // (1 + (r + turn * c) % 40))::BIGINT AS n123, NULL::DOUBLE AS strength1, n123 / 300 AS strength123
		FROM range(100) AS cues(c), range(40) AS responses(r), (VALUES ('all', 0), ('gb', 1)) AS populations(population, turn)
		WHERE r < 12 + c % 29`)
	w.table("core.split", []string{"recipe", "language", "cue"}, `
		SELECT 'cue-70-20-10' AS recipe, 'en' AS language, 'cue' || c AS cue, 'group' || (c // 2) AS cue_group,
			CASE WHEN c < 60 THEN 'train' WHEN c < 80 THEN 'dev' ELSE 'test' END AS split
		FROM range(100) AS cues(c)`)
	return w
}

func TestPreferenceSetsAreTheSameOnAnyThreads(t *testing.T) {
	for name, set := range map[string]map[string]string{
		"data.rank_questions": {"cues": "both"}, "data.pairs": {"against": "gb"}, "data.pairs_word": nil,
	} {
		t.Run(name, func(t *testing.T) {
			var digests []string
			for _, threads := range []int{1, 2} {
				w := preferenceWorld(t)
				built, err := w.catalogue.Build(w.ctx, w.lake, name,
					BuildOptions{Set: set, Session: lake.SessionOptions{Threads: threads}})
				if err != nil {
					t.Fatal(err)
				}
				digests = append(digests, built.Digest)
			}
			if digests[0] != digests[1] {
				t.Errorf("content digests differ: %q", digests)
			}
		})
	}
}

// 80 cues are divided by their 40 groups, to the nearest whole number of them,
// or by their 480 questions; the questions of the 20 test cues are not.
func TestRankQuestionsAreDivided(t *testing.T) {
	w := preferenceWorld(t)
	for _, test := range []struct {
		settings string
		groups   int // with questions in dev
		dev      int // questions
	}{
		{"held=0", 0, 0},
		{"held=2", 1, 12},
		{"held=10", 4, 48},
		{"held=11", 4, 48},
		{"held=12", 5, 60},
		{"held=50", 20, 240},
		{"held=10 split=question", 0, 48},
	} {
		if got := w.build("rank_questions", append(strings.Fields(test.settings), "cues=both")); got != "600 rows\n" {
			t.Fatalf("%s: built %s", test.settings, got)
		}
		got, err := w.query(`
			SELECT count(*), count(*) FILTER (split = 'test'),
				(SELECT count(*) FROM (SELECT cue_group FROM data.rank_questions JOIN core.split AS recipe USING (language, cue)
					GROUP BY cue_group HAVING bool_and(data.rank_questions.split = 'dev')))
			FROM data.rank_questions WHERE split <> 'train'`)
		if want := fmt.Sprintf("%d\t120\t%d\n", 120+test.dev, test.groups); err != nil || got != want {
			t.Errorf("%s: held back, test, groups of dev: %s, %v; want %s", test.settings, got, err, want)
		}
	}
}
