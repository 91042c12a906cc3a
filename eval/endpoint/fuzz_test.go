package endpoint

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Whatever a server sends is a reply or a fault, and neither shows the key.
func FuzzRead(f *testing.F) {
	const secret = "sk-0123456789abcdef"
	for _, seed := range []string{
		`{"model": "m", "choices": [{"message": {"content": "a ` + secret + `"}, "finish_reason": "stop"}]}`,
		`{"model": "m", "choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"text": "b"}]}}]}`,
		`{"model": "m", "choices": [{"message": {"content": null, "refusal": "no"}}], "usage": null}`,
		`{"choices": [{"text": "a", "logprobs": {"token_logprobs": [null, -1e999]}}]}`,
		`{"model": "` + secret + `", "choices": [{}]}`, `{"error": {"message": "` + secret + `", "code": null}}`,
		`{"error": "` + secret + `"}`, `{"detail": [{"msg": "` + secret + `"}]}`, `{"message": 1}`, secret, "[]", "null", "\xff",
	} {
		f.Add(seed, 200)
		f.Add(seed, 400)
	}
	s := &server{Options: Options{Model: "m", Key: NewKey("KEY", secret)}}
	f.Fuzz(func(t *testing.T, text string, status int) {
		reply, err := s.read([]byte(text))
		if status != http.StatusOK {
			reply, err = s.refusal(&http.Response{StatusCode: status}, []byte(text), time.Unix(0, 0))
		}
		if fault := new(fault); err != nil && !errors.As(err, &fault) {
			t.Errorf("the error %v is no fault", err)
		}
		said := reply.Text + reply.Served
		if err != nil {
			said = err.Error()
		}
		if strings.Contains(said, secret) {
			t.Errorf("the key shows: %s", said)
		}
		if !utf8.ValidString(said) {
			t.Errorf("%q isn't UTF-8", said)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "0.5": time.Second / 2, "-1": 0, "NaN": 0, "1e30": 0, "soon": 0,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 02 Jan 2026 03:04:00 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("Retry-After: %s is %s, want %s", text, got, want)
		}
	}
}

func TestBackOffGrows(t *testing.T) {
	for attempt := 1; attempt <= 40; attempt++ {
		whole := min(time.Second<<min(attempt-1, 10), maxPause)
		if got := backOff(time.Second, attempt); got < whole/2-1 || got > whole {
			t.Errorf("attempt %d waits %s, want %s to %s", attempt, got, whole/2, whole)
		}
	}
}
