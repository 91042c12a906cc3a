package main

import (
	"fmt"
	"strings"

	"alignctl/sql"
	"alignctl/train/lm"
)

// A tokenRow is an example in the numbers that trainers agree on. Labels and
// mask follow from positions: an end token that is also the padding token is
// learned where it ends an answer.
type tokenRow struct {
	Example string `json:"example"`
	Text    string `json:"text"`
	IDs     idList `json:"ids"`
	Labels  idList `json:"labels"` // the id that is learned at this place; unlearned elsewhere
	Mask    idList `json:"mask"`   // 0: padding
}

// unlearned is the label that losses leave out, in transformers and torch.
const unlearned = -100

// An idList is shown as JSON shows it.
type idList []int32

// String is the list with brackets and commas.
func (l idList) String() string { return strings.ReplaceAll(fmt.Sprint([]int32(l)), " ", ", ") }

// tokenRows encodes examples, padded on the right to the longest.
func tokenRows(encoder *lm.Encoder, examples []sql.Example) (rows []tokenRow, err error) {
	width := 0
	for _, e := range examples {
		all, err := renderings(encoder, e)
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			rows = append(rows, newTokenRow(encoder, e, r))
			width = max(width, len(r.IDs))
		}
	}
	padding, named := encoder.Tokenizer().PAD()
	if !named {
		padding = encoder.End()
	}
	for i := range rows {
		rows[i].pad(width, padding)
	}
	return rows, nil
}

func newTokenRow(encoder *lm.Encoder, e sql.Example, r rendering) tokenRow {
	row := tokenRow{Example: e.Field("example_id"), Text: encoder.Tokenizer().Decode(r.IDs, false)}
	for i, id := range r.IDs {
		label := int32(unlearned)
		if i >= r.Prompt {
			label = id
		}
		row.add(id, label, 1)
	}
	return row
}

func (r *tokenRow) add(id, label, mask int32) {
	r.IDs, r.Labels, r.Mask = append(r.IDs, id), append(r.Labels, label), append(r.Mask, mask)
}

func (r *tokenRow) pad(width int, id int32) {
	for len(r.IDs) < width {
		r.add(id, unlearned, 0)
	}
}
