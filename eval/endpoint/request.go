package endpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"alignctl/eval"
	"alignctl/train/lm"
)

// maxAnswer is the most that is read of an answer.
const maxAnswer = 16 << 20

// A question is a conversation, and how to answer it.
type question struct {
	eval.Conversation
	eval.Decoding
}

// body writes a question as a request, and gives its prompt.
func (s *server) body(q question) (body []byte, prompt string, err error) {
	members := map[string]any{"model": s.Model, "max_tokens": q.MaxNewTokens, "temperature": q.Temperature, "stream": false}
	if q.Temperature > 0 {
		members["seed"] = q.Draw(q.ID) >> 1 // some servers take no more than 31 bits
		if q.TopP > 0 && q.TopP < 1 {
			members["top_p"] = q.TopP
		}
	}
	if prompt, err = s.addPrompt(members, q); err != nil {
		return nil, "", fmt.Errorf("render example %q: %w", q.ID, err)
	}
	for name, value := range s.Body {
		members[name] = value
		if value == nil {
			delete(members, name)
		}
	}
	body, err = encode(members)
	return body, prompt, err
}

// addPrompt puts the messages into a request as its API wants them.
func (s *server) addPrompt(members map[string]any, q question) (prompt string, err error) {
	if s.API == Chat {
		members["messages"] = q.Messages
		if !q.NoLogProbs {
			members["logprobs"] = true
		}
		if q.FirstTokens > 0 {
			members["top_logprobs"] = q.FirstTokens
		}
		text, err := encode(q.Messages)
		return string(text), err
	}
	prompt = contents(q.Messages)
	if s.template != nil {
		if prompt, err = s.template.Render(q.Messages, true); err != nil {
			return "", err
		}
	}
	members["prompt"] = prompt
	if !q.NoLogProbs {
		members["logprobs"] = max(1, q.FirstTokens) // alternatives a token; 0 is "none" to some servers
	}
	return prompt, nil
}

// contents are a conversation's texts, for a model that knows no roles.
func contents(messages []lm.Message) string {
	texts := make([]string, len(messages))
	for i, m := range messages {
		texts[i] = m.Content
	}
	return strings.Join(texts, "\n\n")
}

// encode writes JSON as people read it, with < and > as they are.
func encode(v any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSpace(text.Bytes()), err
}

// path is where an API is below the base address.
var path = map[string]string{Chat: "/chat/completions", Completions: "/completions"}

// post makes one attempt. Its errors are faults.
func (s *server) post(ctx context.Context, body []byte) (eval.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path[s.API], bytes.NewReader(body))
	if err != nil {
		return eval.Reply{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	if s.Key.secret != "" {
		request.Header.Set("Authorization", "Bearer "+s.Key.secret)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return eval.Reply{}, s.lineFault(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return eval.Reply{}, s.cutFault(len(text), err)
	case len(text) > maxAnswer:
		return eval.Reply{}, &fault{text: fmt.Sprintf("its answer is longer than %d MB", maxAnswer>>20)}
	case response.StatusCode != http.StatusOK:
		return s.refusal(response, text, time.Now())
	}
	return s.read(text)
}
