package swow

import (
	"context"
	"fmt"

	"alignctl/etl"
	"alignctl/lake/duck"
)

// Lists are files of the user's that the cleaning goes by; "" for none.
type Lists struct {
	Lexicon        string // words of the language, one a line: for the rule about native speakers
	Spelling       string // what is written, a tab, what is meant: for responses
	CueCorrections string // the same for cues
	Variants       string // cues that stand for British variants, one a line; instead of the pack's
}

// The names of the lists, in a Config and in the temporary tables.
const (
	lexiconList  = "lexicon"
	spellingList = "spelling"
	cueList      = "cue_corrections"
	variantList  = "variants"
)

// byName gives the paths of the lists that there are.
func (l Lists) byName() map[string]string {
	paths := map[string]string{lexiconList: l.Lexicon, spellingList: l.Spelling, cueList: l.CueCorrections, variantList: l.Variants}
	for name, path := range paths {
		if path == "" {
			delete(paths, name)
		}
	}
	return paths
}

// ListsOf is the opposite: the lists whose paths have these names.
func ListsOf(paths map[string]string) Lists {
	return Lists{Lexicon: paths[lexiconList], Spelling: paths[spellingList], CueCorrections: paths[cueList],
		Variants: paths[variantList]}
}

// wordList is a file of words, one a line.
func wordList() etl.Layout {
	return etl.Layout{Name: "word list", Headerless: true, Unquoted: true, Delimiters: "\t",
		Columns: []etl.Column{{Header: "word", Name: "word", Required: true}}}
}

// correctionList is a file of what is written and what is meant.
func correctionList() etl.Layout {
	return etl.Layout{Name: "corrections", Headerless: true, Unquoted: true, Delimiters: "\t",
		Columns: []etl.Column{{Header: "original", Name: "original", Required: true},
			{Header: "correction", Name: "correction", Required: true}}}
}

// checkLists checks and counts the lists.
func checkLists(ctx context.Context, l Lists) (map[string]*etl.Checked, error) {
	checked := map[string]*etl.Checked{}
	for name, path := range l.byName() {
		layout := wordList()
		if name == spellingList || name == cueList {
			layout = correctionList()
		}
		f, err := etl.Check(ctx, path, []etl.Layout{layout}, etl.CheckOptions{})
		if err != nil {
			return nil, err
		}
		checked[name] = f
	}
	return checked, nil
}

// stagedList is the temporary table of a list.
func stagedList(name string) string { return "swow_list_" + name }

// listRows are the tables of the lists, without rows.
func (c *cleaning) listRows() []rowset {
	return []rowset{
		{name: "swow_lexicon", columns: "word varchar"},
		{name: "swow_spelling", columns: "original varchar, correction varchar"},
		{name: "swow_cue_correction", columns: "original varchar, correction varchar"},
		{name: "swow_variant", columns: "cue varchar"},
		{name: "swow_fold", columns: "text varchar, word varchar"},
		{name: "swow_shape", columns: "word varchar, kind tinyint, symbol int, latin int"},
		{name: "swow_component", columns: "population int, cue int, slots int"},
		{name: "swow_logarithm", columns: "n bigint, bits bigint, log double"},
	}
}

func (c *cleaning) has(list string) bool { return c.staged[list] != nil }

// lists fills the tables of the lists. Of several corrections of one text the
// first in the file counts.
func (c *cleaning) lists(ctx context.Context) error {
	if !c.has(variantList) {
		if err := insertTexts(ctx, c.session, "swow_variant", c.language.VariantCues); err != nil {
			return err
		}
	}
	first := func(name string) string {
		return fmt.Sprintf(`select original, correction from (select original, correction,
			row_number() over (partition by original order by %s) as place from %s) where place = 1`,
			c.staged[name].Line(), stagedList(name))
	}
	for _, list := range []struct{ name, table, query string }{
		{lexiconList, "swow_lexicon", "select distinct word from " + stagedList(lexiconList)},
		{variantList, "swow_variant", "select distinct word from " + stagedList(variantList)},
		{spellingList, "swow_spelling", ""},
		{cueList, "swow_cue_correction", ""},
	} {
		if !c.has(list.name) {
			continue
		}
		if list.query == "" {
			list.query = first(list.name)
		}
		if err := c.session.Exec(ctx, "insert into "+list.table+" "+list.query); err != nil {
			return fmt.Errorf("take list %s: %w", duck.Literal(c.staged[list.name].Path), err)
		}
	}
	return nil
}
