package lm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// The reasons for which a generation ends.
const (
	FinishStop   = "stop"   // the model produced a stop id
	FinishLength = "length" // it reached MaxNewTokens or the end of the model's context
)

// GenerateOptions says how to continue prompts.
type GenerateOptions struct {
	MaxNewTokens int     // at most so many tokens a prompt, at least 1
	Batch        int     // texts that run side by side; 0: 16
	Temperature  float64 // 0: greedy, the most probable token each time
	TopP         float64 // smallest set of tokens with this share of the probability; 0 or 1: all
	TopK         int     // the k most probable tokens, before TopP; 0: all
	Seed         int64   // of the draws, where Temperature isn't 0
	StopIDs      []int32 // tokens that end a text
	// Keys stand for the prompts in the draws, one each: what a prompt draws then
	// depends on its key, not on its index. Nil: the indexes.
	Keys []uint32

	// Each is called with the index of a prompt and its continuation as soon as
	// that is finished, in an order that depends on the lengths; it may be nil.
	Each func(i int, g Generation)
}

// A Generation is the continuation of one prompt.
type Generation struct {
	Tokens   []int32   // without the stop id
	LogProbs []float32 // natural log-probability of each token under the model, before temperature and cuts
	Finish   string    // FinishStop or FinishLength
	Stop     int32     // the stop id that ended it, where Finish is FinishStop
}

const (
	defaultBatch = 16
	// admissionShare is how many lanes there are for each prompt that enters in
	// one pass. Prompts are long: a few at a time use a processor fully, and lanes
	// that fall free needn't wait for many others.
	admissionShare = 4
	// Prompts made from one template begin alike. The common part is run once if
	// it is long enough and there are prompts enough to pay for its compilation.
	prefixUnit       = 8 // the shared prefix is a multiple of this
	minSharedPrompts = 4
)

// Generate continues each prompt and returns the results in the order of the
// prompts. A result doesn't depend on the batch size or on the other prompts,
// but for the rounding of float32 sums: sampled tokens are a function of the
// seed, the prompt's key or index, and the token's place. Cancelling the context
// ends it between two tokens, with the context's error.
//
// Each call compiles anew, which takes seconds on XLA: a caller that generates
// often from the same model keeps a Generator.
func (m *Model) Generate(ctx context.Context, prompts [][]int32, o GenerateOptions) ([]Generation, error) {
	gen, err := NewGenerator(m, o)
	if err != nil {
		return nil, err
	}
	defer gen.Close()
	return gen.Generate(ctx, prompts)
}

// A Generator continues prompts with fixed options and keeps what it compiled
// from call to call. It reads the model's weights as they are at each call, so
// training may go on in between. It isn't safe for concurrent use.
type Generator struct {
	model               *Model
	options             GenerateOptions
	sampling            sampling
	prefix, admit, step *model.Exec
}

// NewGenerator checks the options. Close the generator after use, before its
// model.
func NewGenerator(m *Model, o GenerateOptions) (*Generator, error) {
	if o.Batch == 0 {
		o.Batch = defaultBatch
	}
	gen := &Generator{model: m, options: o}
	gen.sampling = sampling{temperature: o.Temperature, topP: o.TopP, topK: o.TopK, seed: o.Seed}
	if err := gen.sampling.validate(); err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	if o.MaxNewTokens < 1 || o.Batch < 1 {
		return nil, fmt.Errorf("generate: max new tokens %d and batch %d must be at least 1", o.MaxNewTokens, o.Batch)
	}
	for exec, build := range map[**model.Exec]func(*model.Scope, []*graph.Node) []*graph.Node{
		&gen.prefix: gen.prefixGraph, &gen.admit: gen.admitGraph, &gen.step: gen.stepGraph,
	} {
		made, err := model.NewExec(m.Backend, m.Store, build)
		if err != nil {
			return nil, fmt.Errorf("generate: %w", err)
		}
		// Shapes are bucketed, so they are few; the library's limit would be an error for some inputs.
		*exec = made.SetMaxCache(-1)
	}
	return gen, nil
}

// Reseed makes the next draws those of another seed.
func (gen *Generator) Reseed(seed int64) { gen.sampling.seed = seed }

// Close frees what was compiled.
func (gen *Generator) Close() {
	gen.prefix.Finalize()
	gen.admit.Finalize()
	gen.step.Finalize()
}

// Generate continues each prompt: see Model.Generate.
func (gen *Generator) Generate(ctx context.Context, prompts [][]int32) ([]Generation, error) {
	for i, prompt := range prompts {
		if err := gen.check(prompt); err != nil {
			return nil, fmt.Errorf("generate: prompt %d: %w", i, err)
		}
	}
	if keys := gen.options.Keys; keys != nil && len(keys) != len(prompts) {
		return nil, fmt.Errorf("generate: %d keys for %d prompts", len(keys), len(prompts))
	}
	results := make([]Generation, len(prompts))
	if err := gen.run(ctx, prompts, results); err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	return results, nil
}

// run fills the results of prompts that were checked.
func (gen *Generator) run(ctx context.Context, prompts [][]int32, results []Generation) error {
	shared := sharedPrefix(prompts)
	prefix, err := gen.runPrefix(shared)
	if err != nil {
		return err
	}
	defer finalize(prefix)
	buckets := map[int][]*text{}
	for i, prompt := range prompts {
		columns := bucketLength(len(prompt) - len(shared))
		buckets[columns] = append(buckets[columns], &text{index: i, key: gen.key(i), prompt: prompt, limit: gen.limit(prompt)})
	}
	for _, columns := range slices.Sorted(maps.Keys(buckets)) {
		b := gen.newBatch(buckets[columns], results)
		b.shared, b.columns, b.prefix = len(shared), columns, prefix
		if err := b.run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sharedPrefix is the tokens that all prompts begin with, a multiple of
// prefixUnit so that few lengths are compiled. It leaves each prompt a token.
func sharedPrefix(prompts [][]int32) []int32 {
	if len(prompts) < minSharedPrompts {
		return nil
	}
	n := len(prompts[0]) - 1
	for _, prompt := range prompts[1:] {
		n = min(n, len(prompt)-1)
		for i := range n {
			if prompt[i] != prompts[0][i] {
				n = i
				break
			}
		}
	}
	return prompts[0][:n-n%prefixUnit]
}

// runPrefix runs the model over a shared prefix: its cache, none for an empty one.
func (gen *Generator) runPrefix(ids []int32) ([]*tensors.Tensor, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	out, err := gen.prefix.Call(tensors.FromFlatDataAndDimensions(ids, 1, len(ids)))
	if err != nil {
		return nil, fmt.Errorf("run the shared prefix: %w", err)
	}
	cache := 2 * gen.model.Config.Layers
	finalize(out[cache:])
	return out[:cache], nil
}

// check refuses a prompt that can't be continued.
func (gen *Generator) check(prompt []int32) error {
	config := gen.model.Config
	if len(prompt) == 0 {
		return errors.New("it is empty: give at least one token")
	}
	if config.MaxPositions > 0 && len(prompt) >= config.MaxPositions {
		return fmt.Errorf("it has %d tokens, which leaves no room in the model's context of %d "+
			"(max_position_embeddings): shorten it", len(prompt), config.MaxPositions)
	}
	for at, id := range prompt {
		if id < 0 || int(id) >= config.VocabSize {
			return fmt.Errorf("token %d is id %d, not in the vocabulary of %d", at, id, config.VocabSize)
		}
	}
	return nil
}

// limit is the number of tokens that may follow a prompt.
func (gen *Generator) limit(prompt []int32) int {
	if context := gen.model.Config.MaxPositions; context > 0 {
		return min(gen.options.MaxNewTokens, context-len(prompt))
	}
	return gen.options.MaxNewTokens
}

// key stands for a prompt in the draws.
func (gen *Generator) key(i int) int {
	if gen.options.Keys == nil {
		return i
	}
	return int(gen.options.Keys[i])
}

// bucketLength rounds a prompt's length up to 8, 16, 24, 32, 48, 64, 96, 128, ...:
// few shapes to compile, at most a third of padding beyond 8.
func bucketLength(n int) int {
	size := 8
	for size < n {
		if size >= 16 && size+size/2 >= n {
			return size + size/2
		}
		size *= 2
	}
	return size
}

// A text is a prompt on its way to a Generation.
type text struct {
	index  int // of the prompt
	key    int // of its draws
	prompt []int32
	limit  int // tokens that may follow
	out    Generation
}

// accept takes the next token and says whether the text is finished.
func (t *text) accept(id int32, logProb float32, stops []int32) bool {
	if slices.Contains(stops, id) {
		t.out.Finish, t.out.Stop = FinishStop, id
		return true
	}
	t.out.Tokens = append(t.out.Tokens, id)
	t.out.LogProbs = append(t.out.LogProbs, logProb)
	if len(t.out.Tokens) == t.limit {
		t.out.Finish = FinishLength
		return true
	}
	return false
}

// batch is the state of the lanes that work off the prompts of one bucket.
type batch struct {
	*Generator
	shared  int     // tokens of the prefix
	columns int     // of the prompts after the prefix
	rows    int     // different prompts that enter in one pass
	clock   int     // steps taken
	waiting []*text // not yet in a lane
	lanes   []*text // nil: free
	results []Generation
	prefix  []*tensors.Tensor // cache of the prefix; empty: none
	cache   []*tensors.Tensor // of the lanes, see cache.go
}

// newBatch has a lane for each text, up to the batch size.
func (gen *Generator) newBatch(texts []*text, results []Generation) *batch {
	lanes := gen.laneCount(len(texts))
	return &batch{
		Generator: gen, rows: max(1, lanes/admissionShare), waiting: texts,
		lanes: make([]*text, lanes), results: results,
	}
}

// run generates until every text is finished.
func (b *batch) run(ctx context.Context) error {
	b.cache = b.emptyCache(len(b.lanes), b.shared+b.columns+b.options.MaxNewTokens)
	defer func() { finalize(b.cache) }()
	for b.busy() > 0 || len(b.waiting) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		next := b.advance
		if free := len(b.lanes) - b.busy(); len(b.waiting) > 0 && free >= min(b.rows, len(b.waiting)) {
			next = b.enter
		}
		if err := next(); err != nil {
			return err
		}
	}
	return nil
}

// laneCount is the batch, or for fewer texts the power of two that holds them,
// so that small calls don't compile a shape each.
func (gen *Generator) laneCount(texts int) int {
	lanes := 1
	for lanes < texts && lanes < gen.options.Batch {
		lanes *= 2
	}
	return min(lanes, gen.options.Batch)
}

// busy counts the lanes that hold a text.
func (b *batch) busy() int {
	n := 0
	for _, t := range b.lanes {
		if t != nil {
			n++
		}
	}
	return n
}

// enter runs waiting prompts through the model, into free lanes. Texts that
// continue the same prompt share its row.
func (b *batch) enter() error {
	ids, lengths := make([]int32, b.rows*b.columns), make([]int32, b.rows)
	keys, row := make([]uint32, 2*len(b.lanes)), make([]int32, len(b.lanes))
	fill(lengths, 1) // also of a row that stays empty
	fill(row, -1)
	entering, r := b.takeWaiting(), -1
	for i, t := range entering {
		if i == 0 || !slices.Equal(t.prompt, entering[i-1].prompt) {
			r++
			lengths[r] = int32(copy(ids[r*b.columns:], t.prompt[b.shared:]))
		}
		lane := slices.Index(b.lanes, nil)
		b.lanes[lane], row[lane] = t, int32(r)
		b.setKey(keys, lane, t)
	}
	out, err := b.execute(b.admit, []any{
		tensors.FromFlatDataAndDimensions(ids, b.rows, b.columns),
		tensors.FromFlatDataAndDimensions(lengths, b.rows),
		tensors.FromFlatDataAndDimensions(row, len(row)),
		tensors.FromFlatDataAndDimensions(keys, len(row), 2),
	}, b.prefix)
	if err != nil {
		return fmt.Errorf("run prompts: %w", err)
	}
	return b.settle(out, func(lane int) bool { return row[lane] >= 0 })
}

// takeWaiting takes the texts that enter next: one for each free lane, of at most
// b.rows prompts, where equal ones that stand together are one.
func (b *batch) takeWaiting() []*text {
	n, prompts := 0, 0
	for free := len(b.lanes) - b.busy(); n < min(free, len(b.waiting)); n++ {
		if n == 0 || !slices.Equal(b.waiting[n].prompt, b.waiting[n-1].prompt) {
			prompts++
		}
		if prompts > b.rows {
			break
		}
	}
	entering := b.waiting[:n]
	b.waiting = b.waiting[n:]
	return entering
}

// advance takes a step of every lane.
func (b *batch) advance() error {
	n := len(b.lanes)
	ids, lengths, generated := make([]int32, n), make([]int32, n), make([]int32, n)
	keys := make([]uint32, 2*n)
	for lane, t := range b.lanes {
		if t == nil {
			continue
		}
		done := len(t.out.Tokens)
		ids[lane], lengths[lane], generated[lane] = t.out.Tokens[done-1], int32(len(t.prompt)), int32(done)
		b.setKey(keys, lane, t)
	}
	out, err := b.execute(b.step, []any{
		ids, lengths, generated, int32(b.clock), tensors.FromFlatDataAndDimensions(keys, n, 2),
	}, nil)
	if err != nil {
		return fmt.Errorf("run a step: %w", err)
	}
	b.clock++
	return b.settle(out, func(lane int) bool { return b.lanes[lane] != nil })
}

// execute runs a pass on its arguments and the cache, which it replaces, and
// more tensors. It returns the outputs before the cache: tokens and
// log-probabilities.
func (b *batch) execute(pass *model.Exec, arguments []any, more []*tensors.Tensor) ([]*tensors.Tensor, error) {
	cache, err := b.donate(b.cache)
	if err != nil {
		return nil, err
	}
	arguments = append(arguments, cache...)
	for _, tensor := range more {
		arguments = append(arguments, tensor)
	}
	out, err := pass.Call(arguments...)
	if err != nil {
		return nil, err
	}
	b.cache = out[2:]
	return out[:2], nil
}

// setKey fills a lane's row of keys for the next token of its text.
func (b *batch) setKey(keys []uint32, lane int, t *text) {
	key := b.sampling.key(t.key, len(t.out.Tokens))
	copy(keys[2*lane:], key[:])
}

// settle hands the tokens and log-probabilities of a pass, one a lane, to the
// lanes that took part. Lanes of finished texts fall free.
func (b *batch) settle(out []*tensors.Tensor, takesPart func(lane int) bool) error {
	defer finalize(out)
	ids, err := tensors.CopyFlatData[int32](out[0])
	if err != nil {
		return fmt.Errorf("read tokens: %w", err)
	}
	logProbs, err := tensors.CopyFlatData[float32](out[1])
	if err != nil {
		return fmt.Errorf("read log-probabilities: %w", err)
	}
	for lane := range b.lanes {
		if takesPart(lane) && b.lanes[lane].accept(ids[lane], logProbs[lane], b.options.StopIDs) {
			b.finish(lane)
		}
	}
	return nil
}

// finish delivers a lane's text and frees the lane.
func (b *batch) finish(lane int) {
	t := b.lanes[lane]
	b.lanes[lane] = nil
	b.results[t.index] = t.out
	if b.options.Each != nil {
		b.options.Each(t.index, t.out)
	}
}

// finalize frees tensors, those given away already included.
func finalize(list []*tensors.Tensor) {
	for _, tensor := range list {
		if tensor.Ok() {
			tensor.MustFinalizeAll()
		}
	}
}

// fill sets every element.
func fill[T any](s []T, value T) {
	for i := range s {
		s[i] = value
	}
}
