package wvs

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestCodes gives back the codes that it took, however wide they are.
func TestCodes(t *testing.T) {
	code := rapid.OneOf(rapid.Int32Range(lowestMissing, 12), rapid.Just(int32(blank)),
		rapid.SampledFrom([]int32{-32769, -32768, -32767, 32767, 32768, 356068, maxCode}))
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(code).Draw(t, "codes")
		var c codes
		for _, code := range want {
			c.append(code)
		}
		if got := c.appendTo(nil); !slices.Equal(got, want) || c.len() != len(want) {
			t.Fatalf("%d codes %v, want %v", c.len(), got, want)
		}
	})
}
