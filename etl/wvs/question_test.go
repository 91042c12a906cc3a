package wvs

import (
	"slices"
	"strconv"
	"testing"
)

// TestQuestionsAreWhole finds each number of the questionnaire, and its scales
// in shape.
func TestQuestionsAreWhole(t *testing.T) {
	for n := 1; n <= 290; n++ {
		if byName()["Q"+strconv.Itoa(n)] == nil {
			t.Errorf("Q%d is missing", n)
		}
	}
	for _, q := range Questions() {
		if q.Open != (len(q.Options) == 0) {
			t.Errorf("%s: open %v with %d options", q.Name, q.Open, len(q.Options))
		}
		if q.Kind == Binary && len(q.Options) != 2 || q.Kind == Scale10 && len(q.Options) != 10 {
			t.Errorf("%s: %s with %d options", q.Name, q.Kind, len(q.Options))
		}
		if q.Recodes != "" && (byName()[q.Recodes] == nil || q.Recodes == q.Name) {
			t.Errorf("%s recodes %q", q.Name, q.Recodes)
		}
	}
}

// TestScales looks at the scales that a rule of thumb gets wrong.
func TestScales(t *testing.T) {
	for name, want := range map[string][]Option{
		"Q56":  {{1, 1}, {2, 3}, {3, 2}},
		"Q111": {{1, 1}, {2, 2}, {3, 0}},
		"Q119": {{0, 3}, {1, 1}, {2, 2}, {3, 4}, {4, 5}},
		"Q122": {{0, 1}, {1, 2}, {2, 3}},
		"Q221": {{1, 1}, {2, 2}, {3, 3}, {4, 0}},
		"Q254": {{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 0}},
		"Q249": {{0, 1}, {1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}, {7, 7}, {8, 8}, {9, 9}, {10, 10}},
	} {
		if got := byName()[name].Options; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for _, test := range []struct {
		question string
		code     int64
		answers  bool
	}{{"Q122", 0, true}, {"Q1", 0, false}, {"Q1", 4, true}, {"Q1", 5, false}, {"Q1", -1, false},
		{"Q164", 10, true}, {"Q262", 97, true}, {"Q262", -2, false}} {
		if got := byName()[test.question].Answers(test.code); got != test.answers {
			t.Errorf("%s answers %d: %v", test.question, test.code, got)
		}
	}
}
