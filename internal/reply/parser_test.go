package reply_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/internal/reply"
)

// What the study's parsers give, beside what the answer says.
func TestPublishedParsers(t *testing.T) {
	tests := []struct {
		name, language, text           string
		right, forGeneration, forNorms []string
	}{
		{"the training format", "en", "blue, Cloud, high up", []string{"blue", "cloud", "high up"},
			[]string{"blue", "cloud", "high up"}, []string{"blue", "cloud", "high up"}},
		{"the same in Chinese", "zh", "蓝色， 云， 飞机", []string{"蓝色", "云", "飞机"},
			[]string{"蓝色", "云", "飞机"}, []string{"蓝色", "云", "飞机"}},
		{"Chinese with ASCII commas", "zh", "蓝色, 云,飞机", []string{"蓝色", "云", "飞机"},
			[]string{"蓝色, 云,飞机"}, []string{"蓝色", "云", "飞机"}},
		{"numbered lines", "en", "1. blue\n2. cloud", []string{"blue", "cloud"},
			[]string{"1. blue", "2. cloud"}, []string{"blue", "cloud"}},
		{"preamble, cue and repeats", "en", "Well: sky, blue, blue", []string{"blue"},
			[]string{"well: sky", "blue"}, []string{"well: sky", "blue", "blue"}},
		{"doubled blanks", "en", "ice  cream", []string{"ice cream"}, []string{"ice  cream"}, []string{"ice  cream"}},
	}
	for _, test := range tests {
		want := map[reply.Parser][]string{"": test.right, reply.Default: test.right,
			reply.PublishedGeneration: test.forGeneration, reply.PublishedNorms: test.forNorms}
		for parser, words := range want {
			got := parser.Parse(test.text, "sky", test.language)
			if diff := cmp.Diff(reply.List{Words: words, Status: reply.OK}, got); diff != "" {
				t.Errorf("%s by %q (-want +got):\n%s", test.name, parser, diff)
			}
		}
	}
}

func TestParserValidate(t *testing.T) {
	for _, p := range append(reply.Parsers(), "") {
		if err := p.Validate(); err != nil {
			t.Errorf("parser %q: %v", p, err)
		}
	}
	if err := reply.Parser("mine").Validate(); err == nil || !strings.Contains(err.Error(), "published-norms") {
		t.Errorf("an unknown parser: %v, want the known ones", err)
	}
}

// Whatever the bytes: no panic, no empty word, no words without the status ok,
// and of the generation parser no word twice.
func FuzzPublishedParsers(f *testing.F) {
	for _, seed := range []string{"blue, Cloud", "1. a\n2) b，c", "，，", "<think>x</think>，y", "\xff, \u3000", "-- 3. 4.", "İ,ı"} {
		f.Add(seed, "zh")
		f.Add(seed, "en")
	}
	f.Fuzz(func(t *testing.T, text, language string) {
		for _, p := range []reply.Parser{reply.PublishedGeneration, reply.PublishedNorms} {
			got := p.Parse(text, "sky", language)
			if (got.Status == reply.OK) != (len(got.Words) > 0) || slices.Contains(got.Words, "") {
				t.Fatalf("%s: status %s with words %q", p, got.Status, got.Words)
			}
			distinct := slices.Compact(slices.Sorted(slices.Values(got.Words)))
			if p == reply.PublishedGeneration && len(distinct) != len(got.Words) {
				t.Fatalf("%s: words twice in %q", p, got.Words)
			}
		}
	})
}
