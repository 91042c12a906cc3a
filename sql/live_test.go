package sql

import (
	"strings"
	"testing"
)

// rated is a lake with two cues, a rating of one of them, and no lemmas.
func rated(t *testing.T) *world {
	w := newWorld(t, "")
	w.table("core.norm", []string{"source", "language", "word", "dimension"}, `SELECT 's' AS source, 'en' AS language, 'Tea' AS word,
		'tea' AS folded, 'valence' AS dimension, 7.0::DOUBLE AS "value", 7.0::DOUBLE AS original, NULL::DOUBLE AS sd, 9::BIGINT AS n`)
	w.table("core.strength", []string{"language", "population", "cue", "response"}, `SELECT 'en' AS language, 'all' AS population,
		'tea' AS cue, 'cups' AS response, 3::BIGINT AS n1, 4::BIGINT AS n123`)
	return w
}

// TestViewsUnderCore sees that the views stand over what the lake has, with and
// without the table that they may lack, and at a version.
func TestViewsUnderCore(t *testing.T) {
	w := rated(t)
	const matches = `SELECT string_agg(word || ' ' || match, ', ' ORDER BY word) FROM core.norm_lookup`
	got, err := values(t, w.open(SessionOptions{}), matches)
	if err != nil || got[0] != "tea folded" {
		t.Errorf("got %v, %v", got, err)
	}
	w.table("core.lemma", []string{"source", "language", "form", "lemma"}, `SELECT 'l' AS source, 'en' AS language, 'cups' AS form,
		'tea' AS lemma, 'cups' AS form_folded, 'tea' AS lemma_folded`)
	s := w.open(SessionOptions{})
	if got, err = values(t, s, matches); err != nil || got[0] != "cups lemma, tea folded" {
		t.Errorf("with lemmas: %v, %v", got, err)
	}
	if got, err = values(t, s, "SELECT lemma_tokens || ' of ' || tokens FROM core.norm_coverage"); err != nil || got[0] != "4 of 4" {
		t.Errorf("coverage: %v, %v", got, err)
	}
}

func TestViewsUnderCoreSayWhatTheyLack(t *testing.T) {
	w := newWorld(t, "")
	w.table("core.norm", []string{"word"}, "SELECT 'tea' AS word")
	_, err := values(t, w.open(SessionOptions{}), "FROM core.norm_lookup")
	if err == nil || !strings.Contains(err.Error(), `view "core.norm_lookup" reads "core.strength", which the lake doesn't have`) {
		t.Errorf("got %v", err)
	}
	w.table("core.strength", []string{"cue"}, "SELECT 'tea' AS cue") // without the columns that it should have
	s := w.open(SessionOptions{})
	if _, err := values(t, s, "FROM core.norm_lookup"); err == nil || !strings.Contains(err.Error(), "can't read what the lake has") {
		t.Errorf("got %v", err)
	}
	if got, err := values(t, s, "SELECT cue FROM core.strength"); err != nil || got[0] != "tea" {
		t.Errorf("the tables: %v, %v", got, err)
	}
}

func TestViewsUnderCoreAreOurs(t *testing.T) {
	dir := workspace(t, map[string]string{"views/mine.sql": "-- view: core.mine\n-- doc: A.\n-- key: cue\n-- licence: open\nSELECT 1 AS cue\n"})
	if _, err := LoadCatalogue(dir); err == nil || !strings.Contains(err.Error(), "call a data set data.mine") {
		t.Errorf("got %v", err)
	}
	dir = workspace(t, map[string]string{"views/pairs.sql": strings.ReplaceAll(header, "data.pairs", "core.pairs")})
	if _, err := LoadCatalogue(dir); err == nil || !strings.Contains(err.Error(), "call a data set data.pairs") {
		t.Errorf("a data set under core: got %v", err)
	}
	w := rated(t)
	dir = workspace(t, map[string]string{"views/own.sql": "-- view: data.own\n-- doc: A.\n-- key: word\n-- licence: open\n" +
		"SELECT word FROM core.norm_lookup\n"})
	c, err := LoadCatalogue(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Build(w.ctx, w.lake, "own", BuildOptions{})
	if err == nil || !strings.Contains(err.Error(), "reads core.norm_lookup, a view of query sessions") {
		t.Errorf("got %v", err)
	}
}
