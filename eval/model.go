package eval

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"alignctl/internal/progress"
	"alignctl/lake"
	"alignctl/train/lm"
)

// A Model is what an evaluation asks: a folder (Local), a server (package
// endpoint).
type Model interface {
	Source() Source
	// Ask has the model answer each conversation. Each is called from the
	// caller's goroutine, with the index of a conversation and the reply as soon
	// as it is there, in any order. When the context ends, or the model can't go
	// on, Ask says why; the replies handed over before stay good.
	Ask(ctx context.Context, asked []Conversation, d Decoding, each func(int, Reply)) error
	// Close gives back what the model holds.
	Close()
}

// An Opener opens a model. Generate calls it when all else is in order, since
// loading may take long, and closes the model after use.
type Opener func(context.Context) (Model, error)

// A Source says who answers, as eval.runs keeps it.
type Source struct {
	Kind          string // LocalKind, EndpointKind or AnswersKind
	Path          string // folder; "" where the model isn't one
	Adapter       string // folder, "" for none
	SHA256        string // of the folder's model
	AdapterSHA256 string
	Backend       string // what computes; "" where that isn't known
	Endpoint      string // address of the server, without user or key
	Served        string // name that the model goes by where it has no folder
}

// Describe says in a run's row who answers, and in the run's inputs which runs of
// the lake made the model and its adapter, if any did: of each the first, where
// several made the same.
func (r *RunRow) Describe(ctx context.Context, run *lake.Run, from Source) error {
	r.Kind, r.ModelPath, r.ModelSHA256, r.Backend = from.Kind, from.Path, from.SHA256, from.Backend
	r.AdapterPath, r.AdapterSHA256 = optional(from.Adapter), optional(from.AdapterSHA256)
	r.Endpoint = optional(from.Endpoint)
	if r.ServedModel == nil {
		r.ServedModel = optional(from.Served)
	}
	_, err := run.InputScopes(ctx, modelsTable, `run_id in (
		select min(run_id) from train.models where sha256 in (?, ?) group by sha256)`, from.SHA256, from.AdapterSHA256)
	return err
}

// modelsTable lists the models that runs of the lake made.
const modelsTable = "train.models"

// A Conversation is what a model is to continue.
type Conversation struct {
	ID       string // names it in errors; also decides its draws, see Decoding
	Messages []lm.Message
}

// Decoding says how a model chooses the tokens of an answer.
type Decoding struct {
	MaxNewTokens int     `json:"max_new_tokens"`
	Temperature  float64 `json:"temperature"` // 0: greedy
	TopP         float64 `json:"top_p"`       // 0 or 1: all tokens
	// Seed, with a conversation's ID, decides its draws: they don't depend on
	// what else is asked. A server may or may not hold to that.
	Seed       int64 `json:"seed"`
	NoLogProbs bool  `json:"no_logprobs"` // don't ask a server for log-probabilities
	// FirstTokens is how many of the most probable first tokens a server is to
	// tell. One that tells none doesn't answer.
	FirstTokens int `json:"-"`
	Batch       int `json:"-"` // conversations side by side; 0: as many as suits the model
}

// Draw is the number by which a conversation's draws differ from another's.
func (d Decoding) Draw(id string) uint32 {
	sum := md5.Sum([]byte(strconv.FormatInt(d.Seed, 10) + "|" + id))
	return binary.BigEndian.Uint32(sum[:])
}

// A Reply is what a model answered.
type Reply struct {
	Prompt   string    // as the model read it; of a server that reads messages these, as JSON
	Text     string    // without control tokens
	TokenIDs []int32   // empty where a server doesn't tell
	LogProbs []float64 // natural, of each token; empty where a server doesn't tell
	Tokens   int       // how many it gave; 0 where a server doesn't tell
	Finish   string    // lm.FinishStop, lm.FinishLength, or a server's own word
	First    []Token   // most probable first tokens, where Decoding asks for them
	Served   string    // name by which a server says who answered; "" where it doesn't
}

// A Token is one that a model may write.
type Token struct {
	Text    string
	LogProb float64 // natural
}

// Ask is m.Ask with a report of progress.
func Ask(ctx context.Context, m Model, asked []Conversation, d Decoding, each func(int, Reply)) error {
	task := progress.Start(ctx, "generate", int64(len(asked)), "items")
	defer task.Done()
	start, tokens := time.Now(), 0
	return m.Ask(ctx, asked, d, func(i int, r Reply) {
		each(i, r)
		tokens += r.Tokens
		task.Add(1)
		task.Note(fmt.Sprintf("%.0f tokens/s", float64(tokens)/time.Since(start).Seconds()))
	})
}
