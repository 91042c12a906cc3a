// Package endpointtest has a server that speaks the OpenAI API as real ones do,
// also when they fail.
package endpointtest

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Model is the name of the server's model, and Key what opens it where it is
// locked.
const (
	Model = "tiny-chat"
	Key   = "sk-secret-0123456789abcdef"
)

// A Server goes wrong as the first part of a path says: see Faults.
type Server struct {
	*httptest.Server
	mu       sync.Mutex
	seen     map[string]int // attempts by fault and prompt
	requests []Request
}

// A Request is what the server was asked.
type Request struct {
	Fault         string
	Authorization string
	Body          map[string]any
	At            time.Time
}

// New starts a server. Close it.
func New() *Server {
	s := &Server{seen: map[string]int{}}
	s.Server = httptest.NewServer(s)
	return s
}

// NewTLS starts a server whose certificate nobody trusts.
func NewTLS() *Server {
	s := &Server{seen: map[string]int{}}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	return s
}

// At is the base address under which the server has a fault.
func (s *Server) At(fault string) string { return s.URL + "/" + fault + "/v1" }

// Requests are those under a fault, in order.
func (s *Server) Requests(fault string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.requests), func(r Request) bool { return r.Fault != fault })
}

// A call is a request that is being answered.
type call struct {
	http.ResponseWriter
	request *http.Request
	Request
	prompt  string
	attempt int // at this prompt, from 1
	number  int // of the request under the fault, from 1
}

// ServeHTTP answers, or not.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	c := &call{ResponseWriter: w, request: r, Request: Request{Fault: fault, Authorization: r.Header.Get("Authorization"),
		At: time.Now()}}
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(text, &c.Body)
	}
	if err != nil {
		c.refuse(http.StatusBadRequest, err.Error(), "")
		return
	}
	c.prompt = c.readPrompt()
	s.note(c)
	misbehave, known := Faults[fault]
	switch {
	case !known || rest != "v1/chat/completions" && rest != "v1/completions":
		c.refuse(http.StatusNotFound, "no such path", "")
	case !misbehave(c):
		c.complete(Model, true)
	}
}

func (s *Server) note(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, c.Request)
	s.seen[c.Fault]++
	s.seen[c.Fault+" "+c.prompt]++
	c.number, c.attempt = s.seen[c.Fault], s.seen[c.Fault+" "+c.prompt]
}

// readPrompt is the last thing said.
func (c *call) readPrompt() string {
	if text, ok := c.Body["prompt"].(string); ok {
		return text
	}
	messages, _ := c.Body["messages"].([]any)
	if len(messages) == 0 {
		return ""
	}
	last, _ := messages[len(messages)-1].(map[string]any)
	text, _ := last["content"].(string)
	return text
}

// Faults are what may go wrong. Each may answer, and then gives true; else the
// answer is as it should be. What passes, passes with the second attempt.
var Faults = map[string]func(*call) bool{
	"ok": func(*call) bool { return false },
	"busy": func(c *call) bool {
		c.Header().Set("Retry-After", "1")
		return c.attempt == 1 && c.refuse(http.StatusTooManyRequests, "slow down", "rate_limit_exceeded")
	},
	"shut": func(c *call) bool {
		c.Header().Set("Retry-After", "86400")
		return c.refuse(http.StatusTooManyRequests, "come back tomorrow", "")
	},
	"shaky":  func(c *call) bool { return c.attempt == 1 && c.refuse(http.StatusInternalServerError, "oops", "") },
	"broken": func(c *call) bool { return c.refuse(http.StatusInternalServerError, "oops", "") },
	"cut":    func(c *call) bool { return c.attempt == 1 && c.cut() },
	"torn":   (*call).cut,
	"silent": (*call).hang,
	"late":   func(c *call) bool { return c.attempt == 1 && c.hang() },
	"bare":   func(c *call) bool { return c.complete(Model, false) },
	"blind": func(c *call) bool { // it never heard of alternatives
		delete(c.Body, "top_logprobs")
		return false
	},
	"other": func(c *call) bool { return c.complete("another-model", true) },
	"dated": func(c *call) bool { return c.complete(Model+"-2026-01-31", true) },
	"garbage": func(c *call) bool {
		return c.write(http.StatusOK, "<html>Bad gateway, bearer of "+c.Authorization+"</html>")
	},
	"empty": func(c *call) bool { return c.write(http.StatusOK, `{"model": "`+Model+`", "choices": []}`) },
	"wrong": func(c *call) bool {
		return c.write(http.StatusOK, `{"error": {"message": "out of memory", "code": 500}}`)
	},
	"locked": func(c *call) bool {
		return c.Authorization != "Bearer "+Key && c.refuse(http.StatusUnauthorized, "wrong key: "+c.Authorization, "invalid_api_key")
	},
	"closed": func(c *call) bool { return c.refuse(http.StatusForbidden, "not for "+c.Authorization, "") },
	"leaky":  func(c *call) bool { return c.say(Model, "my key is "+c.Authorization, true) },
	"filter": func(c *call) bool {
		return strings.Contains(c.prompt, "sea") && c.refuse(http.StatusBadRequest, "the prompt was filtered", "content_filter")
	},
	"plain": func(c *call) bool {
		_, asked := c.Body["logprobs"]
		return asked && c.refuse(http.StatusBadRequest, "logprobs are not supported", "")
	},
	"moved": func(c *call) bool {
		c.Header().Set("Location", "https://elsewhere.example/v1")
		return c.write(http.StatusPermanentRedirect, "")
	},
	// The fourth request fails for good, once: what a run meets that goes on later.
	"stumbling": func(c *call) bool { return c.number == 4 && c.refuse(http.StatusForbidden, "quota used up", "") },
	"slow": func(c *call) bool {
		time.Sleep(50 * time.Millisecond)
		return c.number > 3 && c.hang()
	},
}

// hang keeps the client waiting until it goes.
func (c *call) hang() bool {
	<-c.request.Context().Done()
	return true
}

// cut promises more than it sends.
func (c *call) cut() bool {
	c.Header().Set("Content-Length", "4096")
	fmt.Fprint(c, `{"model": "`+Model+`", "choices": [{"message": {"content": "half an ans`)
	return true
}

// refuse sends an error as OpenAI does.
func (c *call) refuse(status int, message, code string) bool {
	text, _ := json.Marshal(map[string]any{"error": map[string]any{"message": message, "code": code}})
	return c.write(status, string(text))
}

func (c *call) write(status int, text string) bool {
	c.WriteHeader(status)
	fmt.Fprint(c, text)
	return true
}

// Answer is what the model says to a prompt.
func Answer(prompt string) string {
	words := strings.Fields(prompt)
	return strings.Join([]string{"near", "far", "like " + words[len(words)-1]}, ", ")
}

// complete answers as the named model, with log-probabilities or without.
func (c *call) complete(model string, logProbs bool) bool {
	return c.say(model, Answer(c.prompt), logProbs)
}

func (c *call) say(model, text string, logProbs bool) bool {
	_, asked := c.Body["logprobs"]
	choice := map[string]any{"index": 0, "finish_reason": "stop"}
	if _, chat := c.Body["messages"]; chat {
		choice["message"] = map[string]any{"role": "assistant", "content": text}
	} else {
		choice["text"] = text
	}
	if asked && logProbs {
		choice["logprobs"] = c.logProbs()
	}
	body, _ := json.Marshal(map[string]any{"id": "1", "model": model, "choices": []any{choice},
		"usage": map[string]any{"prompt_tokens": 7, "completion_tokens": 3}})
	return c.write(http.StatusOK, string(body))
}

// First are the most probable first tokens of each answer, the likeliest first.
// Their first spelling of A stands before a blank's.
var First = []Alternative{{"A", -0.7}, {"B", -1.5}, {" A", -2.5}, {"1", -3}, {"I", -3.5}, {"2", -4}, {"C", -5}}

// An Alternative is a token that might stand where another does.
type Alternative struct {
	Token   string  `json:"token"`
	LogProb float64 `json:"logprob"`
}

// alternatives are as many as are asked for.
func (c *call) alternatives(member string) []Alternative {
	n, _ := c.Body[member].(float64)
	return First[:min(int(n), len(First))]
}

// logProbs are those of three tokens, in the form of the API.
func (c *call) logProbs() any {
	if _, chat := c.Body["messages"]; !chat {
		top := map[string]float64{}
		for _, a := range c.alternatives("logprobs") {
			top[a.Token] = a.LogProb
		}
		return map[string]any{"tokens": []string{"a", "b", "c"}, "token_logprobs": []float64{-0.5, -1, -0.25},
			"top_logprobs": []any{top, top, top}}
	}
	var tokens []any
	for _, p := range []float64{-0.5, -1, -0.25} {
		tokens = append(tokens, map[string]any{"token": "t", "logprob": p, "top_logprobs": c.alternatives("top_logprobs")})
	}
	return map[string]any{"content": tokens}
}
