package endpoint

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"alignctl/eval"
)

// An answer is what a server sends, of either API.
type answer struct {
	Model   string          `json:"model"`
	Error   json.RawMessage `json:"error"` // of a server that is wrong with status 200
	Choices []choice        `json:"choices"`
	Usage   struct {
		CompletionTokens int `json:"completion_tokens"`
	} `json:"usage"`
}

type choice struct {
	Text    *content `json:"text"` // of Completions
	Message *struct {
		Content content `json:"content"`
		Refusal content `json:"refusal"`
	} `json:"message"` // of Chat
	LogProbs     json.RawMessage `json:"logprobs"`
	FinishReason string          `json:"finish_reason"`
}

// content is a text, or a list of parts with one each; null is "".
type content string

// UnmarshalJSON reads either form.
func (c *content) UnmarshalJSON(raw []byte) error {
	if len(raw) == 0 || raw[0] != '[' {
		return json.Unmarshal(raw, (*string)(c))
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return err
	}
	*c = ""
	for _, p := range parts {
		*c += content(p.Text)
	}
	return nil
}

// read makes a reply of what a server sent.
func (s *server) read(text []byte) (eval.Reply, error) {
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return eval.Reply{}, &fault{text: fmt.Sprintf("its answer isn't the JSON of a completion (%v): %s", err, s.excerpt(string(text))),
			passing: true}
	}
	switch {
	case len(a.Error) > 0 && string(a.Error) != "null":
		return eval.Reply{}, &fault{text: "it answered with an error: " + s.excerpt(readComplaint(text).message), passing: true}
	case len(a.Choices) == 0:
		return eval.Reply{}, &fault{text: "its answer has no choices: " + s.excerpt(string(text)), passing: true}
	case !s.answersAs(a.Model):
		served := s.excerpt(a.Model)
		return eval.Reply{}, &fault{text: fmt.Sprintf("it answered as model %q, not %q", served, s.Model),
			cure: "if that is the model you mean, say --answers-as " + served}
	}
	return s.reply(a)
}

// release is what servers add to a model's name: the date or digest of a release,
// such as -2024-08-06, -0613 or @main.
var release = regexp.MustCompile(`^(-\d{4}(-?\d\d){0,2}|@[0-9a-f]{7,40}|@main|:latest)$`)

// answersAs says whether the name in an answer is that of the model asked for,
// or of a release of it. Servers that don't say who answers are believed.
func (s *server) answersAs(name string) bool {
	if s.AnswersAs != "" {
		return name == s.AnswersAs
	}
	suffix, begins := strings.CutPrefix(name, s.Model)
	return name == "" || begins && (suffix == "" || release.MatchString(suffix))
}

// reply takes the first choice.
func (s *server) reply(a answer) (eval.Reply, error) {
	c := a.Choices[0]
	said := readLogProbs(c.LogProbs)
	r := eval.Reply{Finish: c.FinishReason, LogProbs: said.values(), First: said.first(), Tokens: a.Usage.CompletionTokens,
		Served: s.Key.redact(a.Model)}
	switch {
	case c.Message != nil && c.Message.Content != "":
		r.Text = string(c.Message.Content)
	case c.Message != nil:
		r.Text = string(c.Message.Refusal)
	case c.Text != nil:
		r.Text = string(*c.Text)
	default:
		return eval.Reply{}, &fault{text: "its answer's first choice has neither message nor text", passing: true}
	}
	r.Text = s.Key.redact(r.Text)
	if r.Tokens == 0 {
		r.Tokens = len(r.LogProbs)
	}
	return r, nil
}

// logProbs are the log-probabilities in an answer, in the form of Chat or of
// Completions.
type logProbs struct {
	Content []struct {
		LogProb *float64 `json:"logprob"`
		Top     []struct {
			Token   string   `json:"token"`
			LogProb *float64 `json:"logprob"`
		} `json:"top_logprobs"`
	} `json:"content"`
	TokenLogProbs []*float64            `json:"token_logprobs"`
	Top           []map[string]*float64 `json:"top_logprobs"`
}

// readLogProbs gives none where they have another form.
func readLogProbs(raw json.RawMessage) (known logProbs) {
	if len(raw) == 0 || json.Unmarshal(raw, &known) != nil {
		return logProbs{}
	}
	return known
}

// values are those of the tokens; nil where one is missing.
func (l logProbs) values() []float64 {
	values := l.TokenLogProbs
	for _, token := range l.Content {
		values = append(values, token.LogProb)
	}
	var all []float64
	for _, v := range values {
		if v == nil {
			return nil
		}
		all = append(all, *v)
	}
	return all
}

// first are the most probable first tokens.
func (l logProbs) first() (tokens []eval.Token) {
	add := func(text string, logProb *float64) {
		if logProb != nil {
			tokens = append(tokens, eval.Token{Text: text, LogProb: *logProb})
		}
	}
	switch {
	case len(l.Content) > 0:
		for _, t := range l.Content[0].Top {
			add(t.Token, t.LogProb)
		}
	case len(l.Top) > 0:
		for _, text := range slices.Sorted(maps.Keys(l.Top[0])) {
			add(text, l.Top[0][text])
		}
	}
	return tokens
}
