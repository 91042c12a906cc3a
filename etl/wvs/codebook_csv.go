package wvs

import (
	"context"
	"strconv"

	"alignctl/etl"
)

// readCodebookCSV reads a codebook in CSV, by the check that every raw file goes
// through.
func readCodebookCSV(ctx context.Context, path string) (*Codebook, error) {
	w := newWording(path)
	f, err := etl.Check(ctx, path, []etl.Layout{w.layout()}, etl.CheckOptions{})
	if err != nil {
		return nil, err
	}
	w.book.SHA256, w.book.Bytes = f.SHA256, f.Bytes
	return w.book, nil
}

// CodebookLayouts are the raw formats of codebooks in CSV, for a check that loads
// nothing.
func CodebookLayouts() []etl.Layout { return []etl.Layout{newWording("").layout()} }

// layout is the raw format of a codebook in CSV.
func (w *wording) layout() etl.Layout {
	return etl.Layout{
		Name: "codebook", Delimiters: ",;\t", Missing: []string{""},
		Columns: []etl.Column{
			{Header: "question", Name: "question", Required: true},
			{Header: "language", Name: "language", Required: true},
			{Header: "text", Name: "text", Optional: true},
			{Header: "code", Name: "code", Kind: etl.Int, Optional: true},
			{Header: "label", Name: "label", Optional: true},
			{Header: "position", Name: "position", Kind: etl.Int, Optional: true, Valid: etl.Between(1, 1000)},
		},
		Verify: func() func(etl.Record) error { return w.record },
	}
}

// record takes a row: a question's text, or an answer's label.
func (w *wording) record(r etl.Record) error {
	question, _ := r.Value("question")
	language, _ := r.Value("language")
	text, hasText := r.Value("text")
	code, hasCode := r.Value("code")
	label, hasLabel := r.Value("label")
	switch {
	case byName()[question] == nil:
		return r.Refuse("question", strconv.Quote(question)+" is no question of wave 7", "correct it or remove the row")
	case !languageCode.MatchString(language):
		return r.Refuse("language", strconv.Quote(language)+" is no language code", "write en, zh, or the like")
	case hasCode != hasLabel:
		return r.Refuse("", "a code without a label, or a label without a code", "give both or none")
	case !hasCode && !hasText:
		return r.Refuse("", "neither a text nor a label", "give one of them")
	}
	if hasText {
		if err := w.text(Text{Question: question, Language: language, Text: text}); err != nil {
			return r.Refuse("text", err.Error(), "remove one of them")
		}
	}
	if !hasCode {
		return nil
	}
	number, _ := strconv.ParseInt(code, 10, 64) // at most 9 digits: its kind is Int
	place, given := r.Value("position")
	position := 0
	if given {
		position, _ = strconv.Atoi(place) // likewise
	}
	l := Label{Question: question, Language: language, Code: number, Position: position, Label: label}
	if err := w.label(l); err != nil {
		return r.Refuse("code", err.Error(), "correct it or remove the row")
	}
	return nil
}
