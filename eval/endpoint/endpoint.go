package endpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"alignctl/eval"
	"alignctl/train/lm"
)

// The APIs of a server.
const (
	Chat        = "chat"        // messages; the server renders them
	Completions = "completions" // a text
)

// The defaults of Options.
const (
	DefaultTimeout  = 2 * time.Minute
	DefaultAttempts = 6
	defaultPause    = time.Second
	defaultBatch    = 8
	maxIdle         = 64 // connections kept open for the next request
)

// Options say which server to ask for which model, and how patiently.
type Options struct {
	URL       string         `json:"url"`        // base address, such as http://localhost:8000/v1
	Model     string         `json:"model"`      // name by which requests ask for the model
	AnswersAs string         `json:"answers_as"` // name by which the server says who answered; "": Model, or a release of it
	API       string         `json:"api"`        // Chat, Completions; "": Chat
	Template  string         `json:"template"`   // model folder whose chat template writes the texts of Completions; "": the messages' contents
	Body      map[string]any `json:"body"`       // members to put into each request; a null takes one out

	Key      Key               `json:"-"`
	Timeout  time.Duration     `json:"-"` // of one attempt; 0: DefaultTimeout
	Attempts int               `json:"-"` // to have a conversation answered; 0: DefaultAttempts
	Pause    time.Duration     `json:"-"` // before the second attempt; 0: a second
	Notice   func(text string) `json:"-"` // told of what goes wrong and is tried again, from any goroutine; may be nil
}

// Validate refuses options that can't be meant. It never shows a URL that may
// hold a password.
func (o Options) Validate() error {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return errors.New("read the endpoint's address: want one such as http://localhost:8000/v1")
	}
	switch {
	case base.User != nil, base.RawQuery != "", base.Fragment != "":
		return fmt.Errorf("read the endpoint's address on %s: it may have no user, password, query or fragment: "+
			"a key belongs into the environment", base.Host)
	case o.Model == "":
		return errors.New("ask an endpoint: the name of its model is missing")
	case o.API != "" && o.API != Chat && o.API != Completions:
		return fmt.Errorf("ask an endpoint: unknown API %q: want %s or %s", o.API, Chat, Completions)
	case o.Template != "" && o.API != Completions:
		return fmt.Errorf("ask an endpoint: a chat template is for API %s: with %s, the server has its own", Completions, Chat)
	case !o.Key.sendable():
		return fmt.Errorf("ask an endpoint: the environment variable %s holds blanks or control characters, as no key does",
			o.Key.variable)
	case o.Attempts < 0 || o.Timeout < 0:
		return fmt.Errorf("ask an endpoint: attempts %d or timeout %s is negative", o.Attempts, o.Timeout)
	}
	return nil
}

func (o Options) withDefaults() Options {
	o.URL = strings.TrimRight(o.URL, "/")
	o.API = cmp.Or(o.API, Chat)
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.Attempts = cmp.Or(o.Attempts, DefaultAttempts)
	o.Pause = cmp.Or(o.Pause, defaultPause)
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	return o
}

// Source says which server answers.
func (o Options) Source() eval.Source {
	return eval.Source{Kind: eval.EndpointKind, Endpoint: o.withDefaults().URL, Served: o.Model}
}

// Open prepares to ask. It sends nothing yet.
func (o Options) Open(context.Context) (eval.Model, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	s := &server{Options: o.withDefaults(), transport: http.DefaultTransport.(*http.Transport).Clone()}
	s.transport.MaxIdleConnsPerHost = maxIdle
	s.client = &http.Client{Transport: s.transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // the key is for this address alone
	}}
	if o.Template == "" {
		return s, nil
	}
	template, err := lm.LoadTemplate(o.Template)
	s.template = template
	return s, err
}

// A server is an eval.Model.
type server struct {
	Options
	client    *http.Client
	transport *http.Transport
	template  *lm.Template // nil: none
	brake     brake
}

// Close ends the connections.
func (s *server) Close() { s.transport.CloseIdleConnections() }

// A numbered reply is that to a conversation of an Ask.
type numbered struct {
	index int
	reply eval.Reply
}

// Ask keeps Batch requests on their way until each conversation is answered.
func (s *server) Ask(ctx context.Context, asked []eval.Conversation, d eval.Decoding, each func(int, eval.Reply)) error {
	going, stop := context.WithCancelCause(ctx) // ends with the first failure
	defer stop(nil)
	next, replies := count(going, len(asked)), make(chan numbered)
	var workers sync.WaitGroup
	for range min(cmp.Or(d.Batch, defaultBatch), len(asked)) {
		workers.Go(func() {
			for i := range next {
				r, err := s.answer(ctx, going, question{asked[i], d})
				if err != nil {
					stop(err)
					return
				}
				replies <- numbered{i, r}
			}
		})
	}
	go func() { workers.Wait(); close(replies) }()
	for r := range replies {
		each(r.index, r.reply)
	}
	return context.Cause(going)
}

// count sends 0 to n-1, as long as the context goes on.
func count(ctx context.Context, n int) <-chan int {
	numbers := make(chan int)
	go func() {
		defer close(numbers)
		for i := range n {
			select {
			case numbers <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	return numbers
}

// answer tries to have a question answered until it is, or there is no hope.
// New attempts are made while going does; ctx ends one on its way.
func (s *server) answer(ctx, going context.Context, q question) (eval.Reply, error) {
	body, prompt, err := s.body(q)
	if err != nil {
		return eval.Reply{}, err
	}
	for attempt := 1; ; attempt++ {
		if err := s.brake.wait(going); err != nil {
			return eval.Reply{}, err
		}
		reply, err := s.post(ctx, body)
		if err = q.needs(reply, err); err == nil {
			reply.Prompt = prompt
			return reply, nil
		}
		if ctx.Err() != nil {
			return eval.Reply{}, ctx.Err()
		}
		err = fmt.Errorf("ask %s about %q: %w", s.URL, q.ID, err)
		if err := s.pause(going, err, attempt); err != nil {
			return eval.Reply{}, err
		}
	}
}
