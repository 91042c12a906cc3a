package endpoint

import "strings"

// shownKey stands for a key wherever one would be written.
const shownKey = "[key]"

// minSecret is how long a key must be to be worth hiding. Servers on one's own
// machine take any word, such as EMPTY, which may be part of an answer, too.
const minSecret = 12

// A Key opens an endpoint. It shows itself to nobody: fmt, JSON and slog write
// "[key]" in its place.
type Key struct {
	variable string // that holds it, for messages
	secret   string
}

// NewKey is the key that an environment variable holds; "" for none.
func NewKey(variable, secret string) Key {
	return Key{variable: variable, secret: strings.TrimSpace(secret)}
}

// String hides the key.
func (k Key) String() string { return shownKey }

// GoString hides the key.
func (k Key) GoString() string { return shownKey }

// MarshalText hides the key.
func (k Key) MarshalText() ([]byte, error) { return []byte(shownKey), nil }

// sendable says whether the key can stand in a header.
func (k Key) sendable() bool {
	return !strings.ContainsFunc(k.secret, func(r rune) bool { return r <= ' ' || r > '~' })
}

// redact takes the key out of what a server wrote: some repeat it in an error,
// and a model may say anything.
func (k Key) redact(text string) string {
	if len(k.secret) < minSecret {
		return text
	}
	return strings.ReplaceAll(text, k.secret, shownKey)
}

// cure says what to do where a server doesn't let one in.
func (k Key) cure() string {
	if k.secret == "" {
		return "put a key into the environment variable " + k.variable
	}
	return "is the key in the environment variable " + k.variable + " good for this server and model?"
}
