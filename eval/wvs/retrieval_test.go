package wvs_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl/etltest"
	"alignctl/eval/wvs"
	"alignctl/lake"
	"alignctl/lake/laketest"
)

// strengthQuery is what people of two populations associate. "You" stands in two
// of the five questions, so that it says nothing of either; mast has no
// associate, and no cue stands in "Rivers carry goods."
const strengthQuery = `
select 'en' as language, population, cue, response, rank::bigint as rank, strength123::double as strength123
from (values
	('all', 'Boats', 'sea', 1, 0.5), ('all', 'Boats', 'oar', 2, 0.2), ('all', 'dear', 'deer', 1, 0.3),
	('all', 'you', 'me', 1, 0.9), ('all', 'own', 'mine', 2, 0.4), ('all', 'kite', 'wind', 2, null),
	('all', 'kit', 'bag', 1, 0.9), ('all', 'sail', 'sea', 1, 0.5), ('all', 'best', 'sea', 1, 0.1), ('us', 'kite', 'string', 1, 0.6)
) v(population, cue, response, rank, strength123)`

func associationsLake(t *testing.T) *lake.Lake {
	t.Helper()
	l := surveyLake(t)
	laketest.Add(t, l, laketest.Table{Spec: lake.Spec{Name: "core.strength", Key: []string{"language", "population", "cue", "response"},
		Scope: "language", Licence: lake.OpenData, Columns: []lake.Column{text("language"), text("population"), text("cue"),
			text("response"), {Name: "rank", Type: lake.Long, Required: true}, {Name: "strength123", Type: lake.Double}},
	}, Scope: "en", Query: strengthQuery})
	return l
}

// The associates of all content words stand before the question, the strongest of
// each word first, and the line goes where there are none.
func TestRetrieval(t *testing.T) {
	l := associationsLake(t)
	o := wvs.AskOptions{Orders: 1, Templates: []string{"associates-en-1"}, Associates: "all"}
	got := ask(t, l, likesWords("Yes"), o)
	shown := etltest.Query(t, l, `select item_id, regexp_extract(prompt, 'think of: (.*)\n', 1)
		from eval.samples order by item_id`)
	want := []string{"Q1|sea, deer, oar", "Q122|", "Q164|", "Q42|sea", "Q7|mine, wind"}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Error(diff)
	}
	bare := etltest.Query(t, l, "select prompt from eval.samples where item_id = 'Q122'")
	if !strings.Contains(bare[0], "add nothing.\n\nRivers carry goods.\n- ") {
		t.Errorf("prompt without associates: %q", bare[0])
	}
	if !strings.Contains(strings.Join(got.Warnings, "\n"), `2 items have no word with associates of population "all" and are asked without: Q122, Q164`) {
		t.Errorf("warnings %q", got.Warnings)
	}
	recorded := etltest.Query(t, l, `select table_name from meta.inputs join eval.runs using (run_id) where table_name = 'core.strength'`)
	if len(recorded) != 1 {
		t.Errorf("inputs %v", recorded)
	}
}

func TestRetrievalRefuses(t *testing.T) {
	l := associationsLake(t)
	for want, o := range map[string]wvs.AskOptions{
		`has none of population "cn" in language "en"`:                         {Templates: []string{"associates-en-1"}, Associates: "cn"},
		`template "plain-en-1" and the population "all" whose associates`:      {Associates: "all"},
		`template "associates-en-1" and the population "" whose associates it`: {Templates: []string{"associates-en-1"}},
	} {
		o.Countries = both()
		if _, err := wvs.Ask(t.Context(), l, likesWords("Yes").open, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
