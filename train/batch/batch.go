package batch

// A Batch is rows of token ids, padded on the right to one width, and the list
// of positions whose next token counts. A row holds one or more texts that don't
// see each other. What all of them begin with may stand once, before the rows;
// their own parts see it, and their positions go on from it.
//
// Rows and entries beyond the examples and labels are padding: they keep the
// shapes few and carry weight 0.
type Batch struct {
	Rows, Width int

	Shared    []int32 // [shared] ids that every text begins with; empty: none
	IDs       []int32 // [rows*width] 0 where there is no token
	Positions []int32 // [rows*width] place in the text, from 0
	Ends      []int32 // [rows*width] where in the row its text ends; 0 is padding

	Index   []int32   // [labels] row*width + t of the token that predicts the next
	Targets []int32   // [labels] id of that next token
	Weights []float32 // [labels] 1; 0 is padding

	Examples []string // ids of the examples, in the order drawn
	Tokens   int      // of the examples, each counted whole, without padding
	Labels   int      // without padding
	After    Position // of the next batch
}

// newBatch lays texts out in a shape, each without the shared tokens.
func newBatch(texts []text, shared []int32, s shape, rowOf []int) Batch {
	size := s.rows * s.width
	b := Batch{Rows: s.rows, Width: s.width, Shared: shared,
		IDs: make([]int32, size), Positions: make([]int32, size), Ends: make([]int32, size)}
	used := make([]int, s.rows)
	for i, t := range texts {
		row := rowOf[i]
		b.put(t, row*s.width, used[row])
		used[row] += len(t.ids) - len(shared)
	}
	padding := s.labels - b.Labels
	b.Index = append(b.Index, make([]int32, padding)...)
	b.Targets = append(b.Targets, make([]int32, padding)...)
	b.Weights = append(b.Weights, make([]float32, padding)...)
	return b
}

// put lays a text into the row that starts at start, of which used places are
// taken. A token counts when it is of the answer and something stands before it.
func (b *Batch) put(t text, start, used int) {
	own := t.ids[len(b.Shared):]
	for j, id := range own {
		at, position := start+used+j, len(b.Shared)+j
		b.IDs[at], b.Positions[at], b.Ends[at] = id, int32(position), int32(used+len(own))
		if position >= max(t.prompt, 1) {
			b.Index = append(b.Index, int32(at-1))
			b.Targets = append(b.Targets, id)
			b.Weights = append(b.Weights, 1)
		}
	}
	b.Examples = append(b.Examples, t.name)
	b.Tokens += len(t.ids)
	b.Labels = len(b.Index)
}
