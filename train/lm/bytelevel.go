package lm

import (
	"strings"
	"unicode/utf8"
)

// A byte alphabet writes every byte as one printable rune, so that a JSON file
// of strings can hold tokens that are not whole UTF-8. Printable Latin-1 bytes
// stand for themselves; the other 68 take the runes from U+0100 on, in byte
// order. It is the alphabet of GPT-2 and of every byte-level BPE since.
var byteRunes, runeBytes = byteAlphabet()

// alphabetEnd is one more than the alphabet's last rune.
const alphabetEnd = 0x100 + 68

// outside marks the runes below alphabetEnd that the alphabet leaves out.
const outside = -1

func byteAlphabet() (runes [256]rune, bytes [alphabetEnd]int16) {
	for r := range bytes {
		bytes[r] = outside
	}
	next := rune(0x100)
	for b := range 256 {
		r := rune(b)
		printable := '!' <= r && r <= '~' || '¡' <= r && r <= '¬' || '®' <= r && r <= 'ÿ'
		if !printable {
			r, next = next, next+1
		}
		runes[b], bytes[r] = r, int16(b)
	}
	return runes, bytes
}

// bytesOf undoes the alphabet; ok is false when a rune isn't part of it.
func bytesOf(token string) (text string, ok bool) {
	raw := make([]byte, 0, len(token))
	for _, r := range token {
		if r >= alphabetEnd || runeBytes[r] == outside {
			return "", false
		}
		raw = append(raw, byte(runeBytes[r]))
	}
	return string(raw), true
}

// alphabetOf writes raw bytes in the alphabet.
func alphabetOf(raw string) string {
	var token strings.Builder
	for i := range len(raw) {
		token.WriteRune(byteRunes[raw[i]])
	}
	return token.String()
}

// validUTF8 replaces each longest invalid part by one U+FFFD, as the Unicode
// standard recommends (chapter 3.9) and other decoders do.
func validUTF8(raw string) string {
	if utf8.ValidString(raw) {
		return raw
	}
	var text strings.Builder
	for len(raw) > 0 {
		r, size := utf8.DecodeRuneInString(raw)
		if r == utf8.RuneError && size == 1 {
			size = max(1, partialRune(raw))
		}
		text.WriteRune(r)
		raw = raw[size:]
	}
	return text.String()
}

// partialRune is the length of the proper beginning of a rune that raw starts
// with, or 0: the bytes that a following byte could still complete.
func partialRune(raw string) int {
	for n := min(3, len(raw)); n > 0; n-- {
		if !utf8.FullRuneInString(raw[:n]) {
			return n
		}
	}
	return 0
}
