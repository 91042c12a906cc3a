// Package batch turns tokenized examples into the rectangles of token ids that
// a device computes on: in which order, with which neighbours, how wide, what is
// computed once for all of them, and which positions carry a label. Everything
// here is a function of the examples and a seed, so that a run can be repeated,
// and resumed at any batch; how examples are laid out changes neither their loss
// nor their gradient.
package batch

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"alignctl/train/lm"
)

// A Set holds tokenized examples in a file without a name, which is gone with
// Close or with the process. In memory it keeps 32 bytes an example, however
// long it is.
type Set struct {
	file    *os.File
	pending *bufio.Writer // into file
	size    int64         // of the file, with what is pending
	entries []entry
	shared  []int32 // what all prompts begin with, short of their last token
	longest int     // tokens of the longest example
	most    int     // labels of the example that has the most
	tokens  int
	labels  int
}

// An entry says where in the file an example is: its ids, 4 bytes each, where
// its branches end, likewise, and its name.
type entry struct {
	at       int64
	key      uint64 // hash of the name: the order of an epoch is drawn by it
	tokens   int32  // the prompt's, once, and those of all branches
	prompt   int32
	branches int32
	name     int32 // bytes of the name
}

// labels is how many of the tokens count.
func (e entry) labels() int { return int(e.tokens - max(e.prompt, 1)) }

// NewSet starts a set whose file is in a folder; "" is the system's own for
// temporary files.
func NewSet(folder string) (*Set, error) {
	f, err := os.CreateTemp(folder, "tokens-")
	if err != nil {
		return nil, fmt.Errorf("keep tokens: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil { // the open file stays
		return nil, errors.Join(fmt.Errorf("keep tokens: %w", err), f.Close())
	}
	return &Set{file: f, pending: bufio.NewWriterSize(f, 1<<16)}, nil
}

// Close gives the disk space back.
func (s *Set) Close() error { return s.file.Close() }

// Add appends an example under its id: a prompt and what may follow it, one
// answer or several, each an lm.Example of the same prompt. All branches see the
// prompt and none the other, so that it is computed once. One with a branch
// without a label has nothing to teach and isn't taken: added is false.
func (s *Set) Add(name string, branches ...lm.Example) (added bool, err error) {
	prompt := branches[0].Prompt
	t := text{name: name, ids: slices.Clone(branches[0].IDs[:prompt]), prompt: prompt}
	for _, e := range branches {
		if e.Labels() == 0 {
			return false, nil
		}
		t.ids = append(t.ids, e.IDs[prompt:]...)
		t.ends = append(t.ends, int32(len(t.ids)))
	}
	e, err := s.append(t)
	if err != nil {
		return false, fmt.Errorf("keep tokens of example %q: %w", name, err)
	}
	s.narrow(t.ids[:prompt])
	s.entries = append(s.entries, e)
	s.tokens += len(t.ids)
	s.labels += e.labels()
	s.longest, s.most = max(s.longest, len(t.ids)), max(s.most, e.labels())
	return true, nil
}

// append writes a text to the file.
func (s *Set) append(t text) (entry, error) {
	raw := make([]byte, 0, 4*(len(t.ids)+len(t.ends))+len(t.name))
	for _, numbers := range [][]int32{t.ids, t.ends} {
		for _, n := range numbers {
			raw = binary.LittleEndian.AppendUint32(raw, uint32(n))
		}
	}
	raw = append(raw, t.name...)
	if _, err := s.pending.Write(raw); err != nil {
		return entry{}, err
	}
	sum := sha256.Sum256([]byte(t.name))
	e := entry{at: s.size, key: binary.BigEndian.Uint64(sum[:]), tokens: int32(len(t.ids)), prompt: int32(t.prompt),
		branches: int32(len(t.ends)), name: int32(len(t.name))}
	s.size += int64(len(raw))
	return e, nil
}

// narrow leaves in shared what this prompt begins with, too. The last token of a
// prompt isn't shared: it is the one that predicts the first label.
func (s *Set) narrow(prompt []int32) {
	prompt = prompt[:max(len(prompt)-1, 0)]
	if len(s.entries) == 0 {
		s.shared = append([]int32(nil), prompt...)
		return
	}
	n := 0
	for n < min(len(s.shared), len(prompt)) && s.shared[n] == prompt[n] {
		n++
	}
	s.shared = s.shared[:n]
}

// Len is the number of examples.
func (s *Set) Len() int { return len(s.entries) }

// Names lists the examples' ids, in the order in which they were added.
func (s *Set) Names() ([]string, error) {
	if err := s.seal(); err != nil {
		return nil, err
	}
	names := make([]string, s.Len())
	for i := range names {
		t, err := s.text(int32(i))
		if err != nil {
			return nil, err
		}
		names[i] = t.name
	}
	return names, nil
}

// Tokens is the number of tokens of all examples.
func (s *Set) Tokens() int { return s.tokens }

// Labels is the number of tokens that count in a loss.
func (s *Set) Labels() int { return s.labels }

// Shared is how many tokens all prompts begin with.
func (s *Set) Shared() int { return len(s.shared) }

// seal makes everything that was added readable.
func (s *Set) seal() error {
	if err := s.pending.Flush(); err != nil {
		return fmt.Errorf("keep tokens: %w", err)
	}
	return nil
}

// A text is an example: a prompt and its branches, one after the other.
type text struct {
	name   string
	ids    []int32
	prompt int     // tokens of ids that are its prompt
	ends   []int32 // where in ids each branch ends
}

// text reads the i-th example.
func (s *Set) text(i int32) (text, error) {
	e := s.entries[i]
	numbers := int(e.tokens + e.branches)
	raw := make([]byte, 4*numbers+int(e.name))
	if _, err := s.file.ReadAt(raw, e.at); err != nil {
		return text{}, fmt.Errorf("read tokens of example %d: %w", i, err)
	}
	all := make([]int32, numbers)
	for j := range all {
		all[j] = int32(binary.LittleEndian.Uint32(raw[4*j:]))
	}
	return text{ids: all[:e.tokens], ends: all[e.tokens:], prompt: int(e.prompt), name: string(raw[4*numbers:])}, nil
}
