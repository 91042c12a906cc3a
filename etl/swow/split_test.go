package swow

import (
	"testing"

	"pgregory.net/rapid"
)

func TestCuts(t *testing.T) {
	for n, want := range map[int][3]int{
		0: {0, 0, 0}, 1: {1, 0, 0}, 2: {2, 0, 0}, 3: {2, 1, 0}, 10: {7, 2, 1}, 28: {20, 5, 3}, 993: {695, 199, 99},
	} {
		var got [3]int
		for i, c := range cue702010().cuts(n) {
			got[i] = c.last - c.first + 1
		}
		if got != want {
			t.Errorf("%d groups: %v, want %v", n, got, want)
		}
	}
}

func TestCutsCoverEveryPlaceOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 100_000).Draw(t, "groups")
		next := 1
		for _, c := range cue702010().cuts(n) {
			if c.first != next || c.last < c.first-1 {
				t.Fatalf("%d groups: cut %+v after place %d", n, c, next-1)
			}
			next = c.last + 1
		}
		if next != n+1 {
			t.Fatalf("%d groups: cuts end at %d", n, next-1)
		}
	})
}
