package lake

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"
)

// TestVarying leaves out the texts that all rows share, and nothing else, of any
// part of any slice.
func TestVarying(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "aa", "ab", "b"}), 1, 12).Draw(t, "texts")
		if rapid.Bool().Draw(t, "shared") {
			for i := range texts {
				texts[i] = texts[0]
			}
		}
		b := array.NewStringBuilder(memory.DefaultAllocator)
		b.AppendValues(texts, nil)
		start := rapid.IntRange(0, len(texts)-1).Draw(t, "start")
		column := array.NewSlice(b.NewArray(), int64(start), int64(len(texts)))
		from := rapid.IntRange(0, len(texts)-start-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(texts)-start).Draw(t, "to")
		same := to-from > 1
		for _, text := range texts[start+from : start+to] {
			same = same && text == texts[start+from]
		}
		if rest := varying([]arrow.Array{column}, from, to); (len(rest) == 0) != same {
			t.Fatalf("%q[%d:][%d:%d] varies: %v", texts, start, from, to, len(rest) > 0)
		}
	})
}
