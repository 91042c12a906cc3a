package batch

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"alignctl/train/lm"
)

func drawSet(t *rapid.T) *Set {
	set := &Set{}
	for i := range rapid.IntRange(1, 60).Draw(t, "examples") {
		length := rapid.IntRange(2, 200).Draw(t, "length")
		e := lm.Example{IDs: make([]int32, length), Prompt: rapid.IntRange(1, length-1).Draw(t, "prompt")}
		for j := range e.IDs {
			e.IDs[j] = int32(1000*i + j + 1)
		}
		set.Add(fmt.Sprintf("e%03d", i), e)
	}
	return set
}

// An epoch holds every example once and every label once, whatever the shape.
func TestEpochIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := drawSet(t)
		o := Options{Rows: rapid.IntRange(1, 9).Draw(t, "rows"), Widths: rapid.IntRange(1, 5).Draw(t, "widths")}
		feed, err := NewFeed(set, o, Position{})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		var targets []int32
		widths := map[int]bool{}
		tokens := 0
		for range feed.BatchesPerEpoch() {
			b := feed.Next()
			names = append(names, b.Examples...)
			tokens += b.Tokens
			widths[b.Width] = true
			for i, w := range b.Weights {
				if w == 1 {
					targets = append(targets, b.Targets[i])
					if b.IDs[b.Index[i]+1] != b.Targets[i] || b.Segments[b.Index[i]] == 0 {
						t.Fatalf("label %d doesn't follow the token at its index", i)
					}
				}
			}
		}
		slices.Sort(names)
		if !slices.Equal(names, set.names) || tokens != set.Tokens() || len(targets) != set.Labels() {
			t.Fatalf("epoch has %d examples, %d tokens, %d labels; set has %d, %d, %d",
				len(names), tokens, len(targets), set.Len(), set.Tokens(), set.Labels())
		}
		if len(widths) > o.Widths {
			t.Fatalf("%d widths, at most %d asked for", len(widths), o.Widths)
		}
	})
}

// A feed that starts at a position goes on as the one that was there.
func TestFeedResumes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, o := drawSet(t), Options{Rows: 3, Seed: 7}
		whole, err := NewFeed(set, o, Position{})
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 40).Draw(t, "before") {
			whole.Next()
		}
		resumed, err := NewFeed(set, o, whole.Position())
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if diff := cmp.Diff(whole.Next(), resumed.Next()); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// The order depends on ids, seed and epoch, not on the order of rows in a table.
func TestOrderIsTheExamplesOwn(t *testing.T) {
	forward, backward := &Set{}, &Set{}
	for i := range 20 {
		forward.Add(fmt.Sprint(i), lm.Example{IDs: []int32{1, int32(i)}, Prompt: 1})
		backward.Add(fmt.Sprint(19-i), lm.Example{IDs: []int32{1, int32(19 - i)}, Prompt: 1})
	}
	names := func(set *Set, seed int64, epoch int) (out []string) {
		feed, err := NewFeed(set, Options{Rows: 4, Seed: seed}, Position{Epoch: epoch})
		if err != nil {
			t.Fatal(err)
		}
		for range feed.BatchesPerEpoch() {
			out = append(out, feed.Next().Examples...)
		}
		return out
	}
	if diff := cmp.Diff(names(forward, 1, 0), names(backward, 1, 0)); diff != "" {
		t.Error(diff)
	}
	for _, other := range [][]string{names(forward, 2, 0), names(forward, 1, 1)} {
		if slices.Equal(other, names(forward, 1, 0)) {
			t.Error("another seed or epoch gives the same order")
		}
	}
}

func TestWidthsWasteLittle(t *testing.T) {
	set := &Set{}
	for i := range 100 {
		length := 20
		if i%10 == 0 {
			length = 150
		}
		set.Add(fmt.Sprint(i), lm.Example{IDs: make([]int32, length), Prompt: 1})
	}
	if diff := cmp.Diff([]int{32, 160}, set.widths(4)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{160}, set.widths(1)); diff != "" {
		t.Error(diff)
	}
}

func TestNothingToLearn(t *testing.T) {
	set := &Set{}
	if set.Add("full", lm.Example{IDs: []int32{1, 2, 3}, Prompt: 3}) {
		t.Error("an example without a label was taken")
	}
	if _, err := NewFeed(set, Options{Rows: 1}, Position{}); err == nil {
		t.Error("a set without examples made a feed")
	}
}
