package endpoint

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"alignctl/eval"
)

// A fault is why an attempt brought no answer.
type fault struct {
	text    string
	cure    string        // what may help; "" where nothing is known
	passing bool          // another attempt may go well
	busy    bool          // the server has too much to do
	offer   bool          // the server doesn't offer the log-probabilities asked for
	after   time.Duration // when it wants to be asked again; 0: it doesn't say
}

// Error says what happened, and what may help.
func (f *fault) Error() string {
	if f.cure == "" {
		return f.text
	}
	return f.text + ": " + f.cure
}

// lineFault is why a request never got a response.
func (s *server) lineFault(err error) *fault {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the address, which the caller names
	}
	var untrusted *tls.CertificateVerificationError
	var unknown *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &fault{text: fmt.Sprintf("no answer within %s", s.Timeout), cure: "allow more by --timeout, or ask less at a time by --batch",
			passing: true}
	case errors.As(err, &untrusted):
		return &fault{text: fmt.Sprintf("its certificate isn't trusted: %v", untrusted.Err),
			cure: "name a file with its authority in the environment variable SSL_CERT_FILE"}
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return &fault{text: err.Error(), cure: "is the address right?"}
	}
	return &fault{text: s.Key.redact(err.Error()), cure: "does the server run?", passing: true}
}

// cutFault is why a response wasn't read to its end.
func (s *server) cutFault(got int, err error) *fault {
	if errors.Is(err, context.DeadlineExceeded) {
		return s.lineFault(err)
	}
	return &fault{text: fmt.Sprintf("its answer was cut after %d bytes: %v", got, err), passing: true}
}

// filtered is the word by which servers say that they hold back an answer.
const filtered = "content_filter"

// refusal is what a status other than 200 means: an empty answer where the
// server won't have the question answered, else a fault.
func (s *server) refusal(r *http.Response, text []byte, now time.Time) (eval.Reply, error) {
	complaint := readComplaint(text)
	f := &fault{text: fmt.Sprintf("it answered %d %s", r.StatusCode, http.StatusText(r.StatusCode))}
	if complaint.message != "" {
		f.text += ": " + s.excerpt(complaint.message)
	}
	switch code := r.StatusCode; {
	case complaint.code == filtered:
		return eval.Reply{Finish: filtered}, nil
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		f.cure = s.Key.cure()
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed:
		f.cure = "are the address, which mostly ends in /v1, and the model's name right?"
	case code/100 == 3:
		f.cure = "it wants to be asked at " + s.excerpt(r.Header.Get("Location"))
	case code < 500 && strings.Contains(complaint.message, "logprobs"):
		f.offer, f.cure = true, "ask without them by --no-logprobs"
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		f.passing, f.after = true, retryAfter(r.Header, now)
		f.busy = code == http.StatusTooManyRequests || f.after > 0
	}
	return eval.Reply{}, f
}

// needs is the fault of an attempt for a question: also that of a reply without
// the first tokens that were asked for.
func (q question) needs(r eval.Reply, err error) error {
	var f *fault
	if q.FirstTokens == 0 || errors.As(err, &f) && !f.offer {
		return err
	}
	if err == nil && len(r.First) == 0 && r.Finish != filtered {
		f = &fault{text: "it doesn't tell the most probable first tokens (top_logprobs)"}
	}
	if f == nil {
		return nil
	}
	f.cure = fmt.Sprintf("ask for fewer than %d by --first-tokens, or have answers written by --readout sampled", q.FirstTokens)
	return f
}

// A complaint is what a server says of what it doesn't do.
type complaint struct{ message, code string }

// readComplaint reads the shapes in use: {"error": {"message", "code"}},
// {"error": "..."}, {"message"}, {"detail"}, or any text.
func readComplaint(text []byte) complaint {
	var known struct{ Error, Message, Detail any }
	if json.Unmarshal(text, &known) != nil {
		return complaint{message: string(text)}
	}
	inner, _ := known.Error.(map[string]any)
	switch {
	case inner["message"] != nil:
		return complaint{fmt.Sprint(inner["message"]), fmt.Sprint(inner["code"])}
	case known.Error != nil:
		return complaint{message: fmt.Sprint(known.Error)}
	case known.Message != nil:
		return complaint{message: fmt.Sprint(known.Message)}
	case known.Detail != nil:
		return complaint{message: fmt.Sprint(known.Detail)}
	}
	return complaint{message: string(text)}
}

// excerptRunes is how much of a server's text an error shows.
const excerptRunes = 300

// excerpt is a server's text in one line, without the key.
func (s *server) excerpt(text string) string {
	runes := []rune(strings.Join(strings.Fields(s.Key.redact(text)), " "))
	if len(runes) > excerptRunes {
		return string(runes[:excerptRunes]) + "…"
	}
	return string(runes)
}
