package batch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"alignctl/train/lm"
)

// A tester is *testing.T or *rapid.T.
type tester interface {
	rapid.TB
	Cleanup(func())
}

func newSet(t tester) *Set {
	set, err := NewSet("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
	})
	return set
}

func add(t rapid.TB, set *Set, name string, ids []int32, prompt int) bool {
	added, err := set.Add(name, lm.Example{IDs: ids, Prompt: prompt})
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// drawSet is a set of texts that begin with the same tokens, and the texts.
func drawSet(t *rapid.T) (*Set, map[string][]int32) {
	set, texts := newSet(t), map[string][]int32{}
	shared := rapid.IntRange(0, 40).Draw(t, "shared")
	for i := range rapid.IntRange(1, 60).Draw(t, "examples") {
		length := shared + rapid.IntRange(2, 200).Draw(t, "length")
		ids := make([]int32, length)
		for j := range ids {
			if ids[j] = int32(j + 1); j >= shared {
				ids[j] = int32(1000*i + j + 1)
			}
		}
		name := fmt.Sprintf("e%03d", i)
		texts[name] = ids
		add(t, set, name, ids, rapid.IntRange(shared+1, length-1).Draw(t, "prompt"))
	}
	return set, texts
}

func drawOptions(t *rapid.T) Options {
	return Options{
		Examples: rapid.IntRange(1, 9).Draw(t, "batch"), Seed: rapid.Int64().Draw(t, "seed"),
		Pack: rapid.Bool().Draw(t, "pack"), Share: rapid.Bool().Draw(t, "share"),
		Shapes: rapid.IntRange(1, 5).Draw(t, "shapes"),
	}
}

func next(t rapid.TB, feed *Feed) Batch {
	b, err := feed.Next()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seen is the text that a token of a row ends: what stands before it among the
// tokens that reach it, by the rule of lm.CausalMask.
func (b Batch) seen(at int) (ids, positions []int32) {
	ids = slices.Clone(b.Shared)
	for p := range ids {
		positions = append(positions, int32(p))
	}
	for k := at / b.Width * b.Width; k <= at; k++ {
		if int(b.Ends[k]) > at%b.Width {
			ids, positions = append(ids, b.IDs[k]), append(positions, b.Positions[k])
		}
	}
	return ids, positions
}

// However an epoch is laid out, it holds every example and every label once, and
// the token that predicts a label sees the text before it, from position 0, and
// nothing else.
func TestEpochIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, texts := drawSet(t)
		o := drawOptions(t)
		feed, err := NewFeed(set, o, Position{})
		if err != nil {
			t.Fatal(err)
		}
		shapes := map[shape]bool{}
		tokens, labels := 0, 0
		var names []string
		for range feed.BatchesPerEpoch() {
			b := next(t, feed)
			names, tokens, labels = append(names, b.Examples...), tokens+b.Tokens, labels+b.Labels
			shapes[shape{b.Rows, b.Width, len(b.Index)}] = true
			checkLabels(t, b, texts)
		}
		slices.Sort(names)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(texts)), names); diff != "" {
			t.Fatal(diff)
		}
		if tokens != set.Tokens() || labels != set.Labels() || len(shapes) > o.Shapes {
			t.Fatalf("%d tokens, %d labels, %d shapes; set has %d, %d, and at most %d shapes were asked for",
				tokens, labels, len(shapes), set.Tokens(), set.Labels(), o.Shapes)
		}
	})
}

func checkLabels(t *rapid.T, b Batch, texts map[string][]int32) {
	counted := map[int32]bool{}
	for i, weight := range b.Weights {
		if weight == 0 {
			continue
		}
		if counted[b.Targets[i]] {
			t.Fatalf("label %d counts twice", b.Targets[i])
		}
		counted[b.Targets[i]] = true
		ids, positions := b.seen(int(b.Index[i]))
		whole := texts[b.Examples[slices.IndexFunc(b.Examples, func(name string) bool {
			return slices.Contains(texts[name], b.Targets[i])
		})]]
		if !slices.Equal(append(ids, b.Targets[i]), whole[:len(ids)+1]) {
			t.Fatalf("the token before label %d sees %v of %v", b.Targets[i], ids, whole)
		}
		for p, position := range positions {
			if int(position) != p {
				t.Fatalf("positions %v", positions)
			}
		}
	}
	if len(counted) != b.Labels {
		t.Fatalf("%d labels count, the batch says %d", len(counted), b.Labels)
	}
}

// Which examples a batch holds doesn't depend on how it is laid out.
func TestLayoutChoosesNoExamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, _ := drawSet(t)
		plain := Options{Examples: rapid.IntRange(1, 9).Draw(t, "batch"), Seed: 7}
		packed := plain
		packed.Pack, packed.Share, packed.Shapes = true, true, 2
		a, errA := NewFeed(set, plain, Position{})
		b, errB := NewFeed(set, packed, Position{})
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		for range a.BatchesPerEpoch() + 1 {
			if diff := cmp.Diff(next(t, a).Examples, next(t, b).Examples); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// For devices that share a batch it gets rows and labels of padding at its end, as
// many as it needs to be cut evenly, and stays the same before them.
func TestPartsOnlyPad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, _ := drawSet(t)
		o := drawOptions(t)
		whole, err := NewFeed(set, o, Position{})
		if err != nil {
			t.Fatal(err)
		}
		o.Parts = rapid.IntRange(1, 5).Draw(t, "parts")
		parted, err := NewFeed(set, o, Position{})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			want, got := next(t, whole), next(t, parted)
			if got.Rows != roundUp(want.Rows, o.Parts) || len(got.Index) != roundUp(len(want.Index), o.Parts) {
				t.Fatalf("%d rows and %d labels became %d and %d for %d devices", want.Rows, len(want.Index), got.Rows, len(got.Index), o.Parts)
			}
			if largest := parted.Largest(); got.Rows > largest.Rows && got.Width == largest.Width {
				t.Fatalf("a batch of %d rows, the largest has %d", got.Rows, largest.Rows)
			}
			if diff := cmp.Diff(padded(want, got), got); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// padded is a batch with rows and labels of padding, as many as another has.
func padded(b, like Batch) Batch {
	pad := func(list []int32, n int) []int32 { return append(list, make([]int32, n-len(list))...) }
	b.Rows, b.IDs, b.Positions, b.Ends = like.Rows, pad(b.IDs, len(like.IDs)), pad(b.Positions, len(like.IDs)), pad(b.Ends, len(like.IDs))
	b.Weights = append(b.Weights, make([]float32, len(like.Index)-len(b.Index))...)
	b.Index, b.Targets, b.Branches = pad(b.Index, len(like.Index)), pad(b.Targets, len(like.Index)), pad(b.Branches, len(like.Index))
	return b
}

// A feed that starts at a position goes on as the one that was there.
func TestFeedResumes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, _ := drawSet(t)
		o := drawOptions(t)
		whole, err := NewFeed(set, o, Position{})
		if err != nil {
			t.Fatal(err)
		}
		at := whole.Position()
		for range rapid.IntRange(0, 40).Draw(t, "before") {
			at = next(t, whole).After
		}
		resumed, err := NewFeed(set, o, at)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if diff := cmp.Diff(next(t, whole), next(t, resumed)); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// Batches made ahead are the feed's, and Close ends their making at any time.
func TestAhead(t *testing.T) {
	set := newSet(t)
	for i := range 20 {
		add(t, set, fmt.Sprint(i), []int32{1, int32(i)}, 1)
	}
	start := func() *Feed {
		feed, err := NewFeed(set, Options{Examples: 3}, Position{})
		if err != nil {
			t.Fatal(err)
		}
		return feed
	}
	plain, ahead := start(), NewAhead(start(), 2)
	for range 15 {
		b, err := ahead.Next(t.Context())
		if diff := cmp.Diff(next(t, plain), b); diff != "" || err != nil {
			t.Fatal(diff, err)
		}
	}
	ahead.Close()
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	idle := &Ahead{made: make(chan result)}
	if _, err := idle.Next(stopped); err == nil {
		t.Error("a batch came from nowhere")
	}
}

// The order depends on ids, seed and epoch, not on the order of rows in a table.
func TestOrderIsTheExamplesOwn(t *testing.T) {
	forward, backward := newSet(t), newSet(t)
	for i := range 20 {
		add(t, forward, fmt.Sprint(i), []int32{1, int32(i)}, 1)
		add(t, backward, fmt.Sprint(19-i), []int32{1, int32(19 - i)}, 1)
	}
	names := func(set *Set, seed int64, epoch int) (out []string) {
		feed, err := NewFeed(set, Options{Examples: 4, Seed: seed}, Position{Epoch: epoch})
		if err != nil {
			t.Fatal(err)
		}
		for range feed.BatchesPerEpoch() {
			out = append(out, next(t, feed).Examples...)
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

// Short texts fill rows; what all begin with stands once.
func TestLayoutWastesLittle(t *testing.T) {
	set := newSet(t)
	for i := range 160 {
		ids := make([]int32, 40+8+8*(i%8))
		for j := range 8 {
			ids[40+j] = int32(i + j + 1)
		}
		add(t, set, fmt.Sprint(i), ids, 44)
	}
	for _, c := range []struct {
		options Options
		places  float64 // of rows and what they share, at most, for a token that differs
	}{
		{Options{Examples: 16}, 3.2}, {Options{Examples: 16, Pack: true}, 2.5},
		{Options{Examples: 16, Share: true}, 2.1}, {Options{Examples: 16, Pack: true, Share: true}, 1.35},
	} {
		batches, err := Once(set, c.options)
		if err != nil {
			t.Fatal(err)
		}
		places, own := 0, set.Tokens()-40*set.Len()
		for _, b := range batches {
			places += len(b.Shared) + len(b.IDs)
		}
		if got := float64(places) / float64(own); got > c.places {
			t.Errorf("%+v: %.2f places a token, want at most %.2f", c.options, got, c.places)
		}
	}
}

func TestNothingToLearn(t *testing.T) {
	set := newSet(t)
	if add(t, set, "full", []int32{1, 2, 3}, 3) {
		t.Error("an example without a label was taken")
	}
	if _, err := NewFeed(set, Options{Examples: 1}, Position{}); err == nil {
		t.Error("a set without examples made a feed")
	}
}

// Answers are laid out in rows of their own, their labels one after another.
func TestLay(t *testing.T) {
	answers := []Answer{
		{"a", lm.Example{IDs: []int32{1, 2, 3, 4}, Prompt: 2}},
		{"b", lm.Example{IDs: []int32{5, 6}, Prompt: 1}},
	}
	b, err := Lay(answers, Shape{Rows: 3, Width: 5, Labels: 6})
	if err != nil {
		t.Fatal(err)
	}
	want := Batch{Rows: 3, Width: 5,
		IDs:       []int32{1, 2, 3, 4, 0, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0},
		Positions: []int32{0, 1, 2, 3, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0},
		Ends:      []int32{4, 4, 4, 4, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0},
		Index:     []int32{1, 2, 5, 0, 0, 0}, Targets: []int32{3, 4, 6, 0, 0, 0}, Weights: []float32{1, 1, 1, 0, 0, 0},
		Branches: []int32{0, 0, 1, 0, 0, 0},
		Examples: []string{"a", "b"}, Tokens: 6, Labels: 3}
	if diff := cmp.Diff(want, b); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for name, small := range map[string]Shape{"rows": {Rows: 1, Width: 5, Labels: 6}, "width": {Rows: 2, Width: 3, Labels: 6},
		"labels": {Rows: 2, Width: 5, Labels: 2}} {
		if _, err := Lay(answers, small); err == nil {
			t.Errorf("too few %s passed", name)
		}
	}
}
