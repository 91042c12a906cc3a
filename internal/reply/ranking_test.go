package reply_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/internal/reply"
)

func TestRanking(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
		found      bool
	}{
		{"as asked", "Let me think.\nFinal ranking:\n```\nRank 1: tea\nRank 2: ice cream\n```", []string{"tea", "ice cream"}, true},
		{"chinese", "最终排名：\n排名1：茶\n排名 2: 冰", []string{"茶", "冰"}, true},
		{"our chinese prompt's heading", "最终排序：\n排名 1: 茶", []string{"茶"}, true},
		{"bold", "**FINAL RANKING**\n**Rank 1:** tea\n**Rank 2: ice**", []string{"tea", "ice"}, true},
		{"by number, not by line", "final ranking\n2: b\n10: c\n1: a", []string{"a", "b", "c"}, true},
		{"the last heading counts", "Final ranking:\n1: x\nNo. Final ranking:\n1: a", []string{"a"}, true},
		{"the first line of a number counts", "Final ranking:\n1: a\n1: b\n2: c", []string{"a", "c"}, true},
		{"empty lines of a number", "Final ranking:\n1: **\n2: c", []string{"c"}, true},
		{"no heading", "Rank 1: a\nRank 2: b", nil, false},
		{"nothing after the heading", "Here is my final ranking:\na, b", nil, true},
		{"nothing", "", nil, false},
	}
	for _, test := range tests {
		words, found := reply.Ranking(test.text)
		if diff := cmp.Diff(test.want, words); diff != "" || found != test.found {
			t.Errorf("%s: found %t, (-want +got):\n%s", test.name, found, diff)
		}
	}
}

// Whatever the bytes: no panic, no empty word, and what was read and is written
// as the prompt asks reads the same again.
func FuzzRanking(f *testing.F) {
	for _, seed := range []string{
		"Final ranking:\nRank 1: tea\nRank 2: *ice cream*", "最终排名\n排名1：茶", "final ranking 1: 2: 3", "1: a",
		"Final\nranking: 99999: a\n0001: b", "final ranking\r\n1:\u3000x\r\n2：\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words, found := reply.Ranking(text)
		if len(words) > 0 && !found || slices.Contains(words, "") {
			t.Fatalf("found %t, words %q", found, words)
		}
		again, _ := reply.Ranking(asAsked(words))
		if !slices.Equal(again, words) {
			t.Fatalf("words %q read again as %q", words, again)
		}
	})
}

// asAsked writes words as the prompt for a ranking asks for them.
func asAsked(words []string) string {
	var b strings.Builder
	b.WriteString("Final ranking:\n")
	for i, word := range words {
		fmt.Fprintf(&b, "Rank %d: %s\n", i+1, word)
	}
	return b.String()
}
