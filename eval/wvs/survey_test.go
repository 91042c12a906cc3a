package wvs_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl/etltest"
	etl "alignctl/etl/wvs"
	"alignctl/eval/wvs"
	"alignctl/lake"
)

// The people of two countries that there are none of. Xab wasn't asked Q7's
// neighbour Q8, and nobody there has a weight.
const (
	xaa = "B_COUNTRY_ALPHA,D_INTERVIEW,W_WEIGHT,Q1,Q7,Q8,Q42,Q111,Q122,Q164,Q260\n" +
		"XAA,1,1,1,1,1,1,1,0,1,1\n" +
		"XAA,2,1,1,1,1,1,1,0,1,1\n" +
		"XAA,3,2,2,2,1,2,3,1,10,2\n" +
		"XAA,4,0,2,-1,1,3,2,2,10,2\n"
	xab = "B_COUNTRY_ALPHA,D_INTERVIEW,Q1,Q7,Q8,Q42,Q111,Q122,Q164,Q260\n" +
		"XAB,1,4,2,-4,1,2,2,5,1\n" +
		"XAB,2,4,2,-4,1,2,2,5,1\n" +
		"XAB,3,2,2,-4,1,2,2,5,2\n" +
		"XAB,4,2,1,-4,1,2,2,5,2\n"
)

// codebook words five of the questions.
const codebook = `[
 {"id": "1", "input": "How dear are boats to you?\nAnswers:", "options": ["(A)Very dear", "(B)Dear", "(C)Not dear", "(D)Not dear at all"]},
 {"id": "7", "input": "Do you own a kite?", "options": ["(A)Yes", "(B)No"]},
 {"id": "42", "input": "Which sail is best?", "options": ["(A)Red", "(B)White", "(C)Blue"]},
 {"id": "122", "input": "Rivers carry goods.", "options": ["(A)Disagree", "(B)Hard to say", "(C)Agree"]},
 {"id": "164", "input": "How tall should a mast be, from 1 to 10?", "options": ["(A)Low","(B)2","(C)3","(D)4","(E)5","(F)6","(G)7","(H)8","(I)9","(J)High"]}
]`

// surveyLake holds both countries, with words in English.
func surveyLake(t *testing.T) *lake.Lake {
	t.Helper()
	l := etltest.NewLake(t)
	book := etltest.File(t, "book.json", codebook)
	loadSurvey(t, l, etl.Options{Files: []string{etltest.File(t, "XAA.csv", xaa)}, Codebook: book})
	loadSurvey(t, l, etl.Options{Files: []string{etltest.File(t, "XAB.csv", xab)}})
	return l
}

func loadSurvey(t *testing.T, l *lake.Lake, o etl.Options) {
	t.Helper()
	plan, err := etl.Prepare(t.Context(), l, o)
	if err == nil {
		_, err = plan.Load(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func both() []wvs.Country { return []wvs.Country{{Code: "XAA"}, {Code: "XAB"}} }

func readSurvey(t *testing.T, l *lake.Lake, p wvs.People) wvs.Survey {
	t.Helper()
	survey, err := wvs.ReadSurvey(t.Context(), l, p)
	if err != nil {
		t.Fatal(err)
	}
	return survey
}

func itemOf(t *testing.T, s wvs.Survey, question string) wvs.Item {
	t.Helper()
	for _, it := range s.Items {
		if it.Question == question {
			return it
		}
	}
	t.Fatalf("no item %s", question)
	return wvs.Item{}
}

// Items are opinions that both countries gave: not Q8, which one wasn't asked,
// nor Q260, which is about the respondent. Codes beside the scale (Q111's 3) have
// no share; options that nobody chose stay on the scale.
func TestSurvey(t *testing.T) {
	l := surveyLake(t)
	survey := readSurvey(t, l, wvs.People{Countries: both()})
	var questions []string
	for _, it := range survey.Items {
		questions = append(questions, it.Question)
	}
	if got := strings.Join(questions, " "); got != "Q1 Q7 Q42 Q111 Q122 Q164" {
		t.Errorf("items %s", got)
	}
	if diff := cmp.Diff([]wvs.Country{{"wvs7-xaa", "XAA"}, {"wvs7-xab", "XAB"}}, survey.Countries); diff != "" {
		t.Error(diff)
	}
	for question, want := range map[string][][]float64{
		"Q1":   {{0.5, 0.5, 0, 0}, {0, 0.5, 0, 0.5}},
		"Q7":   {{2. / 3, 1. / 3}, {0.25, 0.75}},
		"Q111": {{2. / 3, 1. / 3}, {0, 1}},
		"Q122": {{0.5, 0.25, 0.25}, {0, 0, 1}},
	} {
		if diff := cmp.Diff(want, itemOf(t, survey, question).Shares); diff != "" {
			t.Errorf("%s: %s", question, diff)
		}
	}
	if it := itemOf(t, survey, "Q1"); it.Options[2].Used || !it.Options[3].Used || it.Places() != 4 || !it.Ordered {
		t.Errorf("%+v", it)
	}
	if it := itemOf(t, survey, "Q42"); it.Ordered || it.Places() != 3 {
		t.Errorf("%+v", it)
	}
}

func TestSurveyWeighted(t *testing.T) {
	l := surveyLake(t)
	survey := readSurvey(t, l, wvs.People{Countries: both()[:1], Weighted: true})
	if diff := cmp.Diff([][]float64{{0.5, 0.5, 0, 0}}, itemOf(t, survey, "Q1").Shares); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]float64{{0.5, 0.5, 0}}, itemOf(t, survey, "Q122").Shares); diff != "" {
		t.Error(diff)
	}
	_, err := wvs.ReadSurvey(t.Context(), l, wvs.People{Countries: both(), Weighted: true})
	if err == nil || !strings.Contains(err.Error(), `country "wvs7-xab/XAB" has no weights`) {
		t.Error(err)
	}
}

func TestSurveyRefuses(t *testing.T) {
	l := surveyLake(t)
	if _, err := wvs.ReadSurvey(t.Context(), l, wvs.People{Countries: []wvs.Country{{Code: "XAC"}}}); err == nil ||
		!strings.Contains(err.Error(), `country "XAC": core.wvs_distribution has wvs7-xaa/XAA, wvs7-xab/XAB`) {
		t.Error(err)
	}
	loadSurvey(t, l, etl.Options{Files: []string{etltest.File(t, "XAA.csv", xaa)}, Source: "again"})
	if _, err := wvs.ReadSurvey(t.Context(), l, wvs.People{Countries: both()}); err == nil ||
		!strings.Contains(err.Error(), `it is in the sources again and wvs7-xaa: name one, as in again/XAA`) {
		t.Error(err)
	}
	if _, err := wvs.ReadSurvey(t.Context(), etltest.NewLake(t), wvs.People{Countries: both()}); err == nil ||
		!strings.Contains(err.Error(), "alignctl etl wvs") {
		t.Error(err)
	}
	for _, text := range []string{"", "usa", "US", "/USA", "a/b/c"} {
		if c, err := wvs.ParseCountry(text); err == nil {
			t.Errorf("ParseCountry(%q) = %v", text, c)
		}
	}
}

// The items stand by tension; one without an order has none and stands last.
func TestContrasts(t *testing.T) {
	survey := readSurvey(t, surveyLake(t), wvs.People{Countries: both()})
	contrasts := survey.Contrasts()
	last := math.Inf(1)
	for i, c := range contrasts[:len(contrasts)-1] {
		if c.Tension == nil || *c.Tension > last || c.Rank != i+1 {
			t.Errorf("%s: tension %v after %v, rank %d", c.Item.Question, c.Tension, last, c.Rank)
			continue
		}
		last = *c.Tension
		if want := c.JSDistance/2 + *c.EMDNorm/2; math.Abs(*c.Tension-want) > 1e-12 {
			t.Errorf("%s: tension %v, want %v", c.Item.Question, *c.Tension, want)
		}
	}
	if c := contrasts[len(contrasts)-1]; c.Item.Question != "Q42" || c.Tension != nil || c.EMD != nil || c.Rank != 0 {
		t.Errorf("last: %+v", c)
	}
	for _, c := range contrasts {
		if want := map[string]float64{"Q1": 1.5, "Q7": 5. / 12, "Q122": 1.25, "Q164": 4.5}[c.Item.Question]; want != 0 &&
			math.Abs(*c.EMD-want) > 1e-12 {
			t.Errorf("%s: EMD %v, want %v", c.Item.Question, *c.EMD, want)
		}
	}
}
