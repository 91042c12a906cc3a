package batch

// A Batch is rows of token ids, padded on the right to one width, and the list
// of positions whose next token counts. Rows beyond the examples, and entries
// beyond the labels, are padding: they keep the shapes few and carry weight 0.
type Batch struct {
	Rows, Width int

	IDs       []int32 // [rows*width] 0 where there is no token
	Positions []int32 // [rows*width] place in the text, from 0
	Segments  []int32 // [rows*width] 1; 0 is padding

	Index   []int32   // [labels] row*width + t of the token that predicts the next
	Targets []int32   // [labels] id of that next token
	Weights []float32 // [labels] 1; 0 is padding

	Examples []string // ids of the examples, one a row
	Tokens   int      // without padding
	Labels   int      // without padding
}

// labelShapes is into how many sizes the list of labels is rounded up, for
// each shape of the rows.
const labelShapes = 4

// batch lays a group's examples out.
func (s *Set) batch(g group, rows int) Batch {
	size := rows * g.width
	b := Batch{Rows: rows, Width: g.width,
		IDs: make([]int32, size), Positions: make([]int32, size), Segments: make([]int32, size)}
	for row, i := range g.examples {
		ids, prompt := s.example(i)
		b.put(row, ids, prompt)
		b.Examples = append(b.Examples, s.names[i])
	}
	unit := max(1, size/labelShapes)
	padded := (b.Labels + unit - 1) / unit * unit
	b.Index = append(b.Index, make([]int32, padded-b.Labels)...)
	b.Targets = append(b.Targets, make([]int32, padded-b.Labels)...)
	b.Weights = append(b.Weights, make([]float32, padded-b.Labels)...)
	return b
}

// put lays one example into a row. A token counts when it is of the answer and
// something stands before it.
func (b *Batch) put(row int, ids []int32, prompt int) {
	start := row * b.Width
	for t, id := range ids {
		b.IDs[start+t], b.Positions[start+t], b.Segments[start+t] = id, int32(t), 1
		if t >= max(prompt, 1) {
			b.Index = append(b.Index, int32(start+t-1))
			b.Targets = append(b.Targets, id)
			b.Weights = append(b.Weights, 1)
		}
	}
	b.Tokens += len(ids)
	b.Labels = len(b.Index)
}
