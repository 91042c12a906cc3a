package reply_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/internal/reply"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, cue, text string
		want            []string
	}{
		{"english list", "sky", "blue, Cloud, high up, sun.", []string{"blue", "cloud", "high up", "sun"}},
		{"chinese list", "天空", "蓝色， 云、飞机；鸟，", []string{"蓝色", "云", "飞机", "鸟"}},
		{"chinese with ascii commas", "天空", "蓝色,云,飞机", []string{"蓝色", "云", "飞机"}},
		{"chinese with blanks", "狱警", "看守 手铐\u3000警徽", []string{"看守", "手铐", "警徽"}},
		{"latin inside of chinese", "卡", "ID card，银行 VIP，T恤", []string{"id card", "银行", "vip", "t恤"}},
		{"repeats, case, blanks", "sky", "blue, Blue,  BLUE , ice  cream, ice cream", []string{"blue", "ice cream"}},
		{"the cue is no associate", "Sky", "SKY, blue, sky", []string{"blue"}},
		{"quotes", "sky", `"blue", 'cloud', “sun”, 「rain」, [wind]`, []string{"blue", "cloud", "sun", "rain", "wind"}},
		{"json", "sky", `{"words": ["blue", "ice cream"]}`, []string{"blue", "ice cream"}},
		{"full width", "sky", "ＢＬＵＥ，ｓｕｎ；１．雨", []string{"blue", "sun", "雨"}},
		{"apostrophe", "verb", "don’t, don't", []string{"don't"}},
		{"numbered lines", "sky", "Sure, here are words:\n\n1. blue\n2) cloud\n(3) sun\n4、rain\nHope, it helps", []string{"blue", "cloud", "sun", "rain"}},
		{"numbers inside of a line", "sky", "1. blue 2. cloud 3. route 66. 4. sun", []string{"blue", "cloud", "route 66", "sun"}},
		{"circled numbers", "sky", "①蓝色 ②云", []string{"蓝色", "云"}},
		{"key caps", "sky", "1️⃣ blue\n2️⃣ cloud", []string{"blue", "cloud"}},
		{"no numbers of items", "time", "3.5 hours, 12 months, 911, 24/7", []string{"3.5 hours", "12 months", "911", "24/7"}},
		{"bullets", "sky", "Words\n- blue\n* **Cloud**\n• sun • rain", []string{"blue", "cloud", "sun", "rain"}},
		{"explanations", "sky", "1. blue: its colour, mostly\n2. cloud - white\n3. 雨（从天上，掉下来）\n4. t-shirt (no, really", []string{"blue", "cloud", "雨", "t-shirt"}},
		{"the cue before each item", "sky", "1. sky - blue\n2. Sky: cloud - white\n3. sun", []string{"blue", "cloud", "sun"}},
		{"preamble with colon", "狱警", "好的，以下是与“狱警”有关的联想词：犯人，监狱", []string{"犯人", "监狱"}},
		{"preamble line", "sky", "Well, as you asked:\nblue, cloud", []string{"blue", "cloud"}},
		{"labels inside", "sky", "nouns: sun, moon; verbs: fall\nMore: rain, snow", []string{"sun", "moon", "fall", "rain", "snow"}},
		{"prose around", "sky", "Sure, here are some words that come to mind\nblue, cloud\nI hope these words are of great help", []string{"blue", "cloud"}},
		{"last and", "sky", "blue, cloud, and sun", []string{"blue", "cloud", "sun"}},
		{"chain", "sky", "blue → cloud - sun | rain\tsnow / hail", []string{"blue", "cloud", "sun", "rain", "snow", "hail"}},
		{"thoughts", "sky", "<think>\n1. red\n2. green</think>\nblue", []string{"blue"}},
		{"code fence and heading", "sky", "## My words\n```text\nblue\n```", []string{"blue"}},
		{"a refusal, and a list all the same", "sky", "I'm sorry, but I can't do that. Here is another:\n1. blue\n2. cloud", []string{"blue", "cloud"}},
		{"an apology among associates", "guilt", "sorry, shame, i can't", []string{"sorry", "shame", "i can't"}},
		{"the same in Chinese", "道歉", "抱歉，对不起，无法原谅", []string{"抱歉", "对不起", "无法原谅"}},
		{"all in brackets", "sky", "(blue, cloud)", []string{"blue", "cloud"}},
		{"a character cut by the end", "sky", "blue, 天\xe7\xa9", []string{"blue"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := reply.Parse(test.text, test.cue)
			if diff := cmp.Diff(reply.List{Words: test.want, Status: reply.OK}, got); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", test.text, diff)
			}
		})
	}
}

func TestParseStatus(t *testing.T) {
	tests := []struct {
		text string
		want reply.Status
	}{
		{"", reply.Empty},
		{" \n\u3000", reply.Empty},
		{"blue", reply.OK},
		{"sky", reply.Unparsable}, // the cue alone
		{"-- !! ...", reply.Unparsable},
		{"I'm sorry, but I can't help you with that request", reply.Refused},
		{"As an AI language model, I am not able to do that", reply.Refused},
		{"I cannot provide that, sadly", reply.Refused},
		{"i can't breathe, i won't", reply.OK},
		{"很抱歉，我无法回答，请换一个词", reply.Refused},
		{"抱歉，我不能说。\n请换一个", reply.Refused},
		{"我无法回答", reply.Refused},
		{"<think>the sky is", reply.Unparsable},
	}
	for _, test := range tests {
		if got := reply.Parse(test.text, "sky"); got.Status != test.want {
			t.Errorf("Parse(%q) = %+v, want status %s", test.text, got, test.want)
		}
	}
}

// Whatever the bytes: no panic, no empty or repeated word, no cue, words in
// comparable form, and what was parsed parses again to itself, unless its words
// happen to read as a refusal.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"blue, Cloud; high up", "1. a 2. b\n3) c", "好的：①云 ②“雨”、雪（白，冷）", "- a: b\n* c - d",
		"<think>x</think>(y (z", "A)/ 0", "and and x, 7.b", "İ ß ﬁ ℡ \u0345", "x (q)1.b", "`", "#\t# #", "\xff，\u200b",
	} {
		f.Add(seed, "sky")
	}
	f.Fuzz(func(t *testing.T, text, cue string) {
		got := reply.Parse(text, cue)
		if (got.Status == reply.OK) != (len(got.Words) > 0) {
			t.Fatalf("status %s with words %q", got.Status, got.Words)
		}
		seen := map[string]bool{"": true, reply.Word(cue): true}
		for _, w := range got.Words {
			if seen[w] || reply.Word(w) != w {
				t.Fatalf("bad word %q in %q", w, got.Words)
			}
			seen[w] = true
		}
		again := reply.Parse(strings.Join(got.Words, ", "), cue)
		if again.Status != reply.Refused && !slices.Equal(again.Words, got.Words) {
			t.Fatalf("words %q parse again to %q", got.Words, again.Words)
		}
	})
}
