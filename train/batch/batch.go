package batch

import (
	"fmt"

	"alignctl/train/lm"
)

// A Batch is rows of token ids, padded on the right to one width, and the list
// of positions whose next token counts. A row holds one or more texts that don't
// see each other, each a prompt and its branches, which don't either. What all of them begin with may stand once, before the rows;
// their own parts see it, and their positions go on from it.
//
// Rows and entries beyond the examples and labels are padding: they keep the
// shapes few and carry weight 0.
type Batch struct {
	Rows, Width int

	Shared    []int32 // [shared] ids that every text begins with; empty: none
	IDs       []int32 // [rows*width] 0 where there is no token
	Positions []int32 // [rows*width] place in the text, from 0
	Ends      []int32 // [rows*width] where in the row its text or branch ends; 0 is padding

	Index    []int32   // [labels] row*width + t of the token that predicts the next
	Targets  []int32   // [labels] id of that next token
	Weights  []float32 // [labels] 1; 0 is padding
	Branches []int32   // [labels] the branch that it is of, all branches of the batch numbered in the order of Examples

	Examples []string // ids of the examples, in the order drawn
	Tokens   int      // of the examples, each counted whole, without padding
	Labels   int      // without padding
	After    Position // of the next batch
}

// Layout is the batch as a model takes it.
func (b Batch) Layout() lm.Layout {
	return lm.Layout{Rows: b.Rows, Width: b.Width, IDs: b.IDs, Positions: b.Positions, Ends: b.Ends,
		Index: b.Index, Targets: b.Targets, Weights: b.Weights, Shared: b.Shared}
}

// newBatch lays texts out in a shape, each without the shared tokens.
func newBatch(texts []text, shared []int32, s shape, rowOf []int) Batch {
	size := s.rows * s.width
	b := Batch{Rows: s.rows, Width: s.width, Shared: shared,
		IDs: make([]int32, size), Positions: make([]int32, size), Ends: make([]int32, size)}
	used, branches := make([]int, s.rows), 0
	for i, t := range texts {
		row := rowOf[i]
		b.put(t, row*s.width, used[row], branches)
		used[row] += len(t.ids) - len(shared)
		branches += len(t.ends)
	}
	padding := s.labels - b.Labels
	b.Index = append(b.Index, make([]int32, padding)...)
	b.Targets = append(b.Targets, make([]int32, padding)...)
	b.Weights = append(b.Weights, make([]float32, padding)...)
	b.Branches = append(b.Branches, make([]int32, padding)...)
	return b
}

// put lays a text into the row that starts at start, of which used places are
// taken, as branches already were numbered.
func (b *Batch) put(t text, start, used, branches int) {
	first := start + used - len(b.Shared) // where the text's first token would be
	for j := len(b.Shared); j < t.prompt; j++ {
		b.token(first+j, t.ids[j], j, first-start+len(t.ids))
	}
	from := t.prompt
	for i, end := range t.ends {
		b.branch(t, span{from, int(end)}, first, first-start)
		for len(b.Branches) < len(b.Index) {
			b.Branches = append(b.Branches, int32(branches+i))
		}
		from = int(end)
	}
	b.Examples = append(b.Examples, t.name)
	b.Tokens += len(t.ids)
	b.Labels = len(b.Index)
}

// A span is a part of a text's ids.
type span struct{ from, to int }

// branch lays a branch of the text whose first token would be at first, which is
// inRow in its row. A token counts when something stands before it: for a
// branch's first, that is the prompt's last.
func (b *Batch) branch(t text, s span, first, inRow int) {
	for j := s.from; j < s.to; j++ {
		position, before := t.prompt+j-s.from, first+j-1
		if j == s.from {
			before = first + t.prompt - 1
		}
		b.token(first+j, t.ids[j], position, inRow+s.to)
		if position > 0 {
			b.Index = append(b.Index, int32(before))
			b.Targets = append(b.Targets, t.ids[j])
			b.Weights = append(b.Weights, 1)
		}
	}
}

func (b *Batch) token(at int, id int32, position, end int) {
	b.IDs[at], b.Positions[at], b.Ends[at] = id, int32(position), int32(end)
}

// An Answer is an example under its id.
type Answer struct {
	ID string
	lm.Example
}

// Lay puts answers into rows of their own, in the order given, in a batch of a
// shape that a caller chose so that few are compiled. Their labels follow one
// another in the same order.
func Lay(answers []Answer, s Shape) (Batch, error) {
	texts, rowOf, labels := make([]text, len(answers)), make([]int, len(answers)), 0
	for i, a := range answers {
		if len(a.IDs) > s.Width {
			return Batch{}, fmt.Errorf("lay out %q: %d tokens in a row of %d", a.ID, len(a.IDs), s.Width)
		}
		texts[i], rowOf[i] = text{name: a.ID, ids: a.IDs, prompt: a.Prompt, ends: []int32{int32(len(a.IDs))}}, i
		labels += a.Labels()
	}
	if len(answers) > s.Rows || labels > s.Labels {
		return Batch{}, fmt.Errorf("lay out answers: %d with %d labels in a batch of %d with %d", len(answers), labels, s.Rows, s.Labels)
	}
	return newBatch(texts, nil, shape{s.Rows, s.Width, s.Labels}, rowOf), nil
}
