package fold

import (
	"testing"

	"pgregory.net/rapid"
)

func TestWord(t *testing.T) {
	for word, want := range map[string]string{
		"apple": "apple", "Apple": "apple", " apple ": "apple", "pot  pourri": "pot pourri",
		"ＡＰＰＬＥ": "apple", "Straße": "strasse", "ﬁre": "fire", "a\u00a0b": "a b", "苹果\u3000": "苹果",
		"ΣΟΦΟΣ": "σοφοσ", "Ꭰ": "ꭰ", "ꭰ": "ꭰ", "σοφος": "σοφοσ", "cafe\u0301": "caf\u00e9", "": "",
		"o'clock": "o'clock",
	} {
		if got := Word(word); got != want {
			t.Errorf("Word(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestWordOfAWordIsItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := Word(rapid.String().Draw(t, "word"))
		if again := Word(word); again != word {
			t.Fatalf("%q becomes %q", word, again)
		}
	})
}
