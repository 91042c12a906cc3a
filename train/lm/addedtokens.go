package lm

import (
	"slices"
	"strings"
)

// addedTokens finds tokens that are written out in the text, such as
// <|im_end|>: leftmost first, the longest at a place.
type addedTokens struct {
	byFirst [256][]addedToken // longest first
}

type addedToken struct {
	content string
	id      int32
}

func newAddedTokens(tokens []addedToken) *addedTokens {
	set := &addedTokens{}
	for _, t := range tokens {
		first := t.content[0]
		set.byFirst[first] = append(set.byFirst[first], t)
	}
	for _, list := range set.byFirst {
		slices.SortFunc(list, func(a, b addedToken) int { return len(b.content) - len(a.content) })
	}
	return set
}

// split hands text between added tokens to rest, and their ids to found, in
// order.
func (set *addedTokens) split(text string, rest func(string), found func(id int32)) {
	start := 0
	for i := 0; i < len(text); i++ {
		token, ok := set.at(text[i:])
		if !ok {
			continue
		}
		if start < i {
			rest(text[start:i])
		}
		found(token.id)
		start = i + len(token.content)
		i = start - 1
	}
	if start < len(text) {
		rest(text[start:])
	}
}

// at is the added token that text begins with.
func (set *addedTokens) at(text string) (addedToken, bool) {
	for _, token := range set.byFirst[text[0]] {
		if strings.HasPrefix(text, token.content) {
			return token, true
		}
	}
	return addedToken{}, false
}
