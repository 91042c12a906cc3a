package endpoint_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alignctl/eval"
	"alignctl/eval/endpoint"
	"alignctl/eval/endpointtest"
	"alignctl/train/lm"
)

// key is sent in every test: none of its errors may show it.
var key = endpoint.NewKey("MOCK_KEY", endpointtest.Key)

func questions(cues ...string) []eval.Conversation {
	asked := make([]eval.Conversation, len(cues))
	for i, cue := range cues {
		asked[i] = eval.Conversation{ID: "en:" + cue, Messages: []lm.Message{{Role: "system", Content: "be brief"},
			{Role: "user", Content: "words for " + cue}}}
	}
	return asked
}

// impatient are options with which failing takes no time.
func impatient(url string) endpoint.Options {
	return endpoint.Options{URL: url, Model: endpointtest.Model, Key: key, Timeout: 5 * time.Second, Attempts: 3,
		Pause: time.Millisecond}
}

var greedy = eval.Decoding{MaxNewTokens: 16}

// ask gives the replies by cue's index; those that didn't come are nil.
func ask(t *testing.T, o endpoint.Options, asked []eval.Conversation, d eval.Decoding) ([]*eval.Reply, error) {
	t.Helper()
	m, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	replies := make([]*eval.Reply, len(asked))
	err = m.Ask(t.Context(), asked, d, func(i int, r eval.Reply) {
		if replies[i] != nil {
			t.Errorf("conversation %d was answered twice", i)
		}
		replies[i] = &r
	})
	if err != nil && strings.Contains(err.Error(), endpointtest.Key) {
		t.Errorf("the error shows the key: %v", err)
	}
	return replies, err
}

func newServer(t *testing.T) *endpointtest.Server {
	s := endpointtest.New()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// A server tells the most probable first tokens by either API, as many as it is
// asked for; one that tells none is at fault, and says how to ask instead.
func TestAskFirstTokens(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := eval.Decoding{MaxNewTokens: 1, FirstTokens: 3}
	want := []eval.Token{{Text: " A", LogProb: -2.5}, {Text: "A", LogProb: -0.7}, {Text: "B", LogProb: -1.5}}
	for _, api := range []string{endpoint.Chat, endpoint.Completions} {
		o := impatient(s.At("ok"))
		o.API = api
		replies, err := ask(t, o, questions("sky"), d)
		if err != nil {
			t.Fatal(err)
		}
		got := replies[0].First
		slices.SortFunc(got, func(a, b eval.Token) int { return strings.Compare(a.Text, b.Text) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", api, diff)
		}
	}
	for fault, want := range map[string]string{
		"blind": "it doesn't tell the most probable first tokens (top_logprobs): ask for fewer than 3 by --first-tokens",
		"bare":  "it doesn't tell the most probable first tokens",
		"plain": "400 Bad Request: logprobs are not supported: ask for fewer than 3 by --first-tokens, or have answers written",
	} {
		_, err := ask(t, impatient(s.At(fault)), questions("sky"), d)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", fault, err, want)
		}
		if n := len(s.Requests(fault)); n != 1 {
			t.Errorf("%s: asked %d times", fault, n)
		}
	}
	if replies, err := ask(t, impatient(s.At("filter")), questions("sea"), d); err != nil || len(replies[0].First) > 0 {
		t.Errorf("a filtered prompt: %v, %v", replies[0], err)
	}
}

func TestAskChat(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	cues := strings.Fields("sky sea sun moon tree rain snow wind sand ice")
	replies, err := ask(t, impatient(s.At("ok")+"/"), questions(cues...), greedy)
	if err != nil {
		t.Fatal(err)
	}
	for i, cue := range cues {
		want := &eval.Reply{Prompt: `[{"role":"system","content":"be brief"},{"role":"user","content":"words for ` + cue + `"}]`,
			Text: "near, far, like " + cue, LogProbs: []float64{-0.5, -1, -0.25}, Tokens: 3, Finish: "stop",
			Served: endpointtest.Model}
		if diff := cmp.Diff(want, replies[i]); diff != "" {
			t.Errorf("reply on %s (-want +got):\n%s", cue, diff)
		}
	}
	got := s.Requests("ok")[0]
	if got.Authorization != "Bearer "+endpointtest.Key || got.Body["max_tokens"] != 16. || got.Body["temperature"] != 0. {
		t.Errorf("request %+v, want the key and the decoding", got)
	}
	if _, seeded := got.Body["seed"]; seeded {
		t.Error("a greedy request has a seed: some servers refuse what they don't know")
	}
}

// The text of a base model's prompt is the messages' contents, or what a
// model's chat template makes of them.
func TestAskCompletions(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	o := impatient(s.At("ok"))
	o.API = endpoint.Completions
	for template, want := range map[string]string{
		"": "be brief\n\nwords for sky",
		"../../train/lm/testdata/cases/27-sft-eos-is-pad-and-single-bos": "<|bos|><|system|>be brief<|end|><|user|>words for sky<|end|><|assistant|>",
	} {
		o.Template = template
		replies, err := ask(t, o, questions("sky"), greedy)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, replies[0].Prompt); diff != "" {
			t.Errorf("prompt with template %q (-want +got):\n%s", template, diff)
		}
		if diff := cmp.Diff([]float64{-0.5, -1, -0.25}, replies[0].LogProbs); diff != "" {
			t.Errorf("log-probabilities (-want +got):\n%s", diff)
		}
	}
}

// A conversation's seed is its own, whatever else is asked with it.
func TestAskSampled(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := eval.Decoding{MaxNewTokens: 16, Temperature: 0.7, TopP: 0.9, Seed: 5, NoLogProbs: true, Batch: 1}
	o := impatient(s.At("ok"))
	o.Body = map[string]any{"max_tokens": nil, "max_completion_tokens": 9.}
	for _, asked := range [][]eval.Conversation{questions("sky", "sea"), questions("sea")} {
		if _, err := ask(t, o, asked, d); err != nil {
			t.Fatal(err)
		}
	}
	got := s.Requests("ok")
	if got[1].Body["seed"] != got[2].Body["seed"] || got[0].Body["seed"] == got[1].Body["seed"] {
		t.Errorf("seeds %v, %v and %v, want that of sea twice and another", got[0].Body["seed"], got[1].Body["seed"], got[2].Body["seed"])
	}
	for _, absent := range []string{"logprobs", "max_tokens"} {
		if v, there := got[0].Body[absent]; there {
			t.Errorf("the request has %s = %v", absent, v)
		}
	}
	if b := got[0].Body; b["temperature"] != 0.7 || b["top_p"] != 0.9 || b["max_completion_tokens"] != 9. {
		t.Errorf("request %v, want the decoding", b)
	}
}

// What passes is waited for, and no reply is lost or doubled.
func TestPassingFaults(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, fault := range []string{"busy", "shaky", "cut", "late"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var notices []string
			o := impatient(s.At(fault))
			o.Timeout = 500 * time.Millisecond
			o.Notice = func(text string) {
				mu.Lock()
				defer mu.Unlock()
				notices = append(notices, text)
			}
			asked := questions("sky", "sea", "sun", "moon")
			start := time.Now()
			replies, err := ask(t, o, asked, greedy)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range replies {
				if r == nil || !strings.HasSuffix(asked[i].ID, strings.TrimPrefix(r.Text, "near, far, like ")) {
					t.Errorf("reply %d: %+v", i, r)
				}
			}
			if n := len(s.Requests(fault)); n != 8 || len(notices) != 4 {
				t.Errorf("%d requests and notices %q, want two requests and a notice a question", n, notices)
			}
			if fault == "busy" && time.Since(start) < time.Second {
				t.Error("Retry-After: 1 wasn't waited for")
			}
		})
	}
}

// What doesn't pass ends with an error that says what and why.
func TestLastingFaults(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	down := endpointtest.New()
	down.Close()
	untrusted := endpointtest.NewTLS()
	t.Cleanup(untrusted.Close)
	tests := []struct {
		name, url string
		want      string
		requests  int
	}{
		{"broken", "", `ask .* about "en:sky": it answered 500 Internal Server Error: oops (attempt 3 of 3)`, 3},
		{"shut", "", "429 Too Many Requests: come back tomorrow", 1},
		{"torn", "", "its answer was cut after 71 bytes: unexpected EOF (attempt 3 of 3)", 3},
		{"silent", "", "no answer within 200ms: allow more by --timeout", 3},
		{"other", "", `it answered as model "another-model", not "tiny-chat": if that is the model you mean, say --answers-as another-model`, 1},
		{"garbage", "", "its answer isn't the JSON of a completion (invalid character '<' looking for beginning of value): <html>Bad gateway, bearer of Bearer [key]</html>", 3},
		{"empty", "", "its answer has no choices", 3},
		{"wrong", "", "it answered with an error: out of memory", 3},
		{"closed", "", "403 Forbidden: not for Bearer [key]: is the key in the environment variable MOCK_KEY good for this server and model?", 1},
		{"plain", "", "logprobs are not supported: ask without them by --no-logprobs", 1},
		{"moved", "", "it wants to be asked at https://elsewhere.example/v1", 1},
		{"nowhere", "", "404 Not Found: no such path: are the address, which mostly ends in /v1, and the model's name right?", 1},
		{"down", down.At("ok"), "connection refused: does the server run? (attempt 3 of 3)", 0},
		{"untrusted", untrusted.At("ok"), "its certificate isn't trusted: x509: ", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := impatient(s.At(test.name))
			if test.url != "" {
				o.URL = test.url
			}
			if test.name == "silent" {
				o.Timeout = 200 * time.Millisecond
			}
			_, err := ask(t, o, questions("sky"), greedy)
			want := strings.ReplaceAll(test.want, ".*", o.URL)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Ask = %v, want %q", err, want)
			}
			if n := len(s.Requests(test.name)); n != test.requests {
				t.Errorf("%d requests, want %d", n, test.requests)
			}
		})
	}
}

func TestRefusedKey(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	o := impatient(s.At("locked"))
	if _, err := ask(t, o, questions("sky"), greedy); err != nil {
		t.Errorf("Ask with the key = %v", err)
	}
	other := "another-secret-0123456789"
	for secret, want := range map[string]string{
		"":    "put a key into the environment variable MOCK_KEY",
		other: "wrong key: Bearer [key]: is the key in the environment variable MOCK_KEY good",
	} {
		o.Key = endpoint.NewKey("MOCK_KEY", secret)
		_, err := ask(t, o, questions("sky"), greedy)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), other) {
			t.Errorf("Ask with key %q = %v, want %q", secret, err, want)
		}
	}
}

// A key shows nowhere, not even in what a model says or in a struct that is
// printed whole.
func TestKeyIsHidden(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	o := impatient(s.At("leaky"))
	replies, err := ask(t, o, questions("sky"), greedy)
	if err != nil {
		t.Fatal(err)
	}
	if got := replies[0].Text; got != "my key is Bearer [key]" {
		t.Errorf("the model said %q", got)
	}
	asJSON, err := json.Marshal(struct{ Key endpoint.Key }{key})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("asked", "options", o, "key", key)
	o.Notice = nil
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %x", key, o, o, key, key), string(asJSON), log.String()} {
		if strings.Contains(text, endpointtest.Key) || strings.Contains(text, fmt.Sprintf("%x", endpointtest.Key)) {
			t.Errorf("the key shows: %s", text)
		}
	}
}

// A server without log-probabilities, with a dated name, or that holds back an
// answer, is no reason to stop.
func TestToleratedAnswers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	tests := []struct {
		fault string
		want  eval.Reply
	}{
		{"bare", eval.Reply{Text: "near, far, like sea", Tokens: 3, Finish: "stop", Served: endpointtest.Model}},
		{"filter", eval.Reply{Finish: "content_filter"}},
		{"dated", eval.Reply{Text: "near, far, like sea", LogProbs: []float64{-0.5, -1, -0.25}, Tokens: 3, Finish: "stop",
			Served: endpointtest.Model + "-2026-01-31"}},
	}
	for _, test := range tests {
		replies, err := ask(t, impatient(s.At(test.fault)), questions("sea"), greedy)
		if err != nil {
			t.Errorf("%s: %v", test.fault, err)
			continue
		}
		test.want.Prompt = replies[0].Prompt
		if diff := cmp.Diff(&test.want, replies[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.fault, diff)
		}
	}
	o := impatient(s.At("other"))
	o.AnswersAs = "another-model"
	if _, err := ask(t, o, questions("sea"), greedy); err != nil {
		t.Errorf("a name that AnswersAs accepts: %v", err)
	}
	o = impatient(s.At("dated"))
	o.Model = "tiny" // tiny-chat isn't a release of tiny
	if _, err := ask(t, o, questions("sea"), greedy); err == nil || !strings.Contains(err.Error(), "it answered as model") {
		t.Errorf("a larger model of a similar name: %v", err)
	}
}

// What was answered before a failure is handed over, and what is on its way
// then still arrives.
func TestFailureKeepsReplies(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := eval.Decoding{MaxNewTokens: 16, Batch: 1}
	replies, err := ask(t, impatient(s.At("stumbling")), questions("sky", "sea", "sun", "moon", "tree"), d)
	if err == nil || !strings.Contains(err.Error(), "quota used up") {
		t.Errorf("Ask = %v, want the fourth request's refusal", err)
	}
	for i, r := range replies {
		if (r != nil) != (i < 3) {
			t.Errorf("reply %d: %+v, want the first three", i, r)
		}
	}
}

// Cancelling ends at once what a slow server would answer late.
func TestCancelKeepsReplies(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	m, err := impatient(s.At("slow")).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ctx, cancel := context.WithCancel(t.Context())
	replies := 0
	start := time.Now()
	err = m.Ask(ctx, questions("sky", "sea", "sun", "moon", "tree"), eval.Decoding{MaxNewTokens: 16, Batch: 1},
		func(int, eval.Reply) {
			if replies++; replies == 3 {
				time.AfterFunc(20*time.Millisecond, cancel)
			}
		})
	if !errors.Is(err, context.Canceled) || replies != 3 || time.Since(start) > 3*time.Second {
		t.Errorf("Ask = %v with %d replies after %s, want context.Canceled, 3 and soon", err, replies, time.Since(start))
	}
}

func TestValidate(t *testing.T) {
	good := endpoint.Options{URL: "http://localhost:8000/v1", Model: "m"}
	if err := good.Validate(); err != nil {
		t.Errorf("Validate(%+v) = %v", good, err)
	}
	tests := []struct {
		change func(*endpoint.Options)
		want   string
	}{
		{func(o *endpoint.Options) { o.URL = "" }, "want one such as http://localhost:8000/v1"},
		{func(o *endpoint.Options) { o.URL = "localhost:8000" }, "want one such as"},
		{func(o *endpoint.Options) { o.URL = "http://me:hunter2/x@host/v1" }, "want one such as"},
		{func(o *endpoint.Options) { o.URL = "http://me:hunter2@host/v1" }, "address on host: it may have no user, password"},
		{func(o *endpoint.Options) { o.URL = "http://host/v1?key=hunter2" }, "address on host: it may have no user, password, query"},
		{func(o *endpoint.Options) { o.Model = "" }, "the name of its model is missing"},
		{func(o *endpoint.Options) { o.API = "chatt" }, `unknown API "chatt"`},
		{func(o *endpoint.Options) { o.Template = "folder" }, "a chat template is for API completions"},
		{func(o *endpoint.Options) { o.Key = endpoint.NewKey("MOCK_KEY", "hunter2\nhunter2") }, "MOCK_KEY holds blanks"},
		{func(o *endpoint.Options) { o.Timeout = -1 }, "timeout -1ns is negative"},
	}
	for _, test := range tests {
		o := good
		test.change(&o)
		err := o.Validate()
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Validate = %v, want %q", err, test.want)
		}
	}
}
