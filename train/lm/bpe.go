package lm

import (
	"strings"
	"sync"
	"sync/atomic"
)

// A bpe merges the bytes of a piece into tokens: of all adjacent pairs that
// the model knows, the one learnt first is joined, leftmost first, until none
// is left (Sennrich et al. 2016, on bytes as in GPT-2).
type bpe struct {
	byteID  [256]int32       // the token of a single byte, or -1
	merges  map[pair]merge   // what a pair joins to
	tokens  map[string]int32 // pieces that are taken as a whole, by their bytes
	unknown int32            // stands for a byte without a token, or -1
	cache   sync.Map         // piece -> []int32
	cached  atomic.Int64     // how many pieces it was offered
}

// A pair is two adjacent tokens.
type pair struct{ left, right int32 }

// A merge is the token a pair joins to, and how early it was learnt.
type merge struct{ rank, id int32 }

// Pieces repeat (words, punctuation), so their ids are kept: at most
// maxCachedPieces of at most maxCachedBytes each.
const (
	maxCachedPieces = 1 << 16
	maxCachedBytes  = 64
)

// append adds the ids of one piece to ids.
func (b *bpe) append(ids []int32, piece string) []int32 {
	if len(piece) == 1 {
		return b.appendByte(ids, piece[0])
	}
	if len(piece) > maxCachedBytes {
		return append(ids, b.merge(piece)...)
	}
	if known, ok := b.cache.Load(piece); ok {
		return append(ids, known.([]int32)...)
	}
	merged := b.merge(piece)
	if b.cached.Add(1) <= maxCachedPieces {
		b.cache.Store(strings.Clone(piece), merged) // not the text around the piece
	}
	return append(ids, merged...)
}

func (b *bpe) appendByte(ids []int32, value byte) []int32 {
	if id := b.byteID[value]; id >= 0 {
		return append(ids, id)
	}
	if b.unknown >= 0 {
		return append(ids, b.unknown)
	}
	return ids
}

// merge computes the ids of one piece.
func (b *bpe) merge(piece string) []int32 {
	if id, ok := b.tokens[piece]; ok {
		return []int32{id}
	}
	symbols := make([]symbol, 0, len(piece))
	var ids []int32
	for i := range len(piece) {
		ids = b.appendByte(ids[:0], piece[i])
		for _, id := range ids {
			n := int32(len(symbols))
			symbols = append(symbols, symbol{id: id, prev: n - 1, next: n + 1})
		}
	}
	if len(symbols) == 0 {
		return nil
	}
	symbols[len(symbols)-1].next = -1
	b.join(symbols)
	ids = ids[:0]
	for i := int32(0); i >= 0; i = symbols[i].next {
		ids = append(ids, symbols[i].id)
	}
	return ids
}

// A symbol is a token in the list of a piece that is being merged.
type symbol struct{ id, prev, next int32 }

// gone marks a symbol that its left neighbour has swallowed.
const gone = -1

// join applies merges until none fits. The heap may hold candidates whose
// symbols have changed since; they are recognised and skipped.
func (b *bpe) join(symbols []symbol) {
	queue := make(queue[candidate], 0, len(symbols))
	propose := func(left int32) {
		right := symbols[left].next
		if right < 0 {
			return
		}
		joined := pair{symbols[left].id, symbols[right].id}
		if m, ok := b.merges[joined]; ok {
			queue.push(candidate{rank: m.rank, left: left, pair: joined, id: m.id})
		}
	}
	for i := range symbols[:len(symbols)-1] {
		propose(int32(i))
	}
	for len(queue) > 0 {
		c := queue.pop()
		left := &symbols[c.left]
		if left.id != c.pair.left || left.next < 0 || symbols[left.next].id != c.pair.right {
			continue
		}
		right := &symbols[left.next]
		left.id, left.next = c.id, right.next
		right.id = gone
		if left.next >= 0 {
			symbols[left.next].prev = c.left
		}
		if left.prev >= 0 {
			propose(left.prev)
		}
		propose(c.left)
	}
}

// A candidate is a pair that may be joined.
type candidate struct {
	rank, left int32
	pair       pair
	id         int32
}

// before orders candidates: learnt first, then leftmost.
func (c candidate) before(other candidate) bool {
	if c.rank != other.rank {
		return c.rank < other.rank
	}
	return c.left < other.left
}
