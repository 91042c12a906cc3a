package lake

import (
	"os"
	"testing"
)

// A session reads a copy in place of a table's files: the same rows in the same
// order, of the version that was copied.
func TestCopy(t *testing.T) {
	l := newLake(t)
	for range 3 {
		r := begin(t, l)
		write(t, r, exampleSpec(), "", exampleQuery)
		write(t, r, wordSpec(), r.ID(), words(r.ID(), 4))
		publish(t, r, Done)
	}
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	copies := map[string]string{}
	for _, table := range []string{"core.word", "data.example"} {
		path, err := l.Copy(t.Context(), pins[table])
		if err != nil {
			t.Fatal(err)
		}
		defer os.Remove(path)
		copies[pins[table].String()] = path
	}
	var seen [2]string
	for i, o := range []SessionOptions{{ReadOnly: true, Threads: 1}, {ReadOnly: true, Threads: 1, Copies: copies}} {
		s, err := l.Session(t.Context(), pins, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range []string{"from core.word", "from data.example", "describe core.word", "describe data.example"} {
			seen[i] += text(t, s, query)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if seen[0] != seen[1] {
		t.Errorf("the tables have\n%s\ntheir copies\n%s", seen[0], seen[1])
	}
}
