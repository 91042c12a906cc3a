package wvs

import (
	"testing"
	"unicode/utf8"
)

// showing is an item with these options, before them letters, numbers or (0)
// nothing.
func showing(first rune, labels ...string) shown {
	var a shown
	for i, label := range labels {
		o := ReadoutRow{Code: int32(i), Label: label}
		if first != 0 {
			o.Key = string(first + rune(i))
		}
		a.options = append(a.options, o)
	}
	return a
}

// A written answer is read by an option's words or key, and not by a part of
// them, a denial, or two options at once.
func TestChoose(t *testing.T) {
	en := showing('A', "Very important", "Rather important", "Not very important", "Not at all important")
	plain := showing(0, "Yes", "No")
	zh := showing('A', "同意", "不同意", "非常不同意")
	numbers := showing('1', "Low", "High")
	for _, test := range []struct {
		shown  shown
		output string
		want   int
	}{
		{en, "Very important", 0},
		{en, "  very important.\n", 0},
		{en, "**Very important**\n\nBecause my family matters.", 0},
		{en, "B", 1},
		{en, "(c)", 2},
		{en, "C. Not very important", 2},
		{en, "D) I don't care", 3},
		{en, "My answer is: Not very important", 2}, // and not Very important
		{en, "It is not very important to me.", 2},
		{en, "Very important or rather important", -1},
		{en, "A good question", -1},
		{en, "I can't say", -1},
		{en, "", -1},
		{en, "...", -1},
		{plain, "no", 1},
		{plain, "No, never. Yes?", -1},
		{plain, "Nobody knows", -1},
		{plain, "Yesterday", -1},
		{zh, "不同意", 1},
		{zh, "我非常不同意。", 2},
		{zh, "我同意这个说法", 0},
		{zh, "Ｂ", 1},
		{zh, "B．不同意", 1},
		{zh, "不太清楚", -1},
		{numbers, "2", 1},
		{numbers, "1. Low", 0},
		{numbers, "12", -1},
		{showing(0, "Agree", "Undecided"), "I do not agree", -1},
		{showing(0, "Same", "Same"), "Same", -1},
	} {
		if got := test.shown.choose(test.output); got != test.want {
			t.Errorf("%q is read as option %d, want %d", test.output, got, test.want)
		}
	}
}

// Any bytes are read, as one of the options or none; an option's own words are
// that option.
func FuzzChoose(f *testing.F) {
	f.Add("Very good", "Good", "I find it very good.")
	f.Add("同意", "不同意", "(B)")
	f.Fuzz(func(t *testing.T, one, two, output string) {
		a := showing('A', one, two)
		if i := a.choose(output); i < -1 || i > 1 {
			t.Fatalf("option %d", i)
		}
		if i := a.choose(one); utf8.ValidString(one) && i == 1 && one != two {
			// The words of one may be the key of the other, or equal to it when folded.
			if b := showing(0, one, two); b.choose(one) == 1 {
				t.Fatalf("%q is read as %q", one, two)
			}
		}
	})
}
