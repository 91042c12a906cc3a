package train

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// countTo visits 0, 1, ..., n-1.
func countTo(n int) func(context.Context, func(int) error) error {
	return func(_ context.Context, visit func(int) error) error {
		for i := range n {
			if err := visit(i); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 5*chunkSize).Draw(t, "inputs")
		var got, want []int
		for i := range n {
			want = append(want, 2*i)
		}
		err := inOrder(context.Background(), countTo(n), func(i int) (int, error) { return 2 * i, nil }, func(out int) error {
			got = append(got, out)
			return nil
		})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %v, error %v", got, err)
		}
	})
}

// Whoever fails, the others end, and its error is the one that comes back.
func TestInOrderFails(t *testing.T) {
	broken := errors.New("broken")
	failAt := func(at int) func(int) (int, error) {
		return func(i int) (int, error) {
			if i == at {
				return 0, broken
			}
			return i, nil
		}
	}
	take := func(int) error { return nil }
	many := countTo(1000 * chunkSize)
	for name, err := range map[string]error{
		"work": inOrder(t.Context(), many, failAt(700), take),
		"take": inOrder(t.Context(), many, failAt(-1), func(out int) error { _, err := failAt(900)(out); return err }),
		"read": inOrder(t.Context(), func(ctx context.Context, visit func(int) error) error {
			return errors.Join(countTo(300)(ctx, visit), broken)
		}, failAt(-1), take),
	} {
		if !errors.Is(err, broken) || strings.Contains(err.Error(), "canceled") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
