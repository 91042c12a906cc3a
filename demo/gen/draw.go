package main

import (
	"crypto/md5"
	"encoding/binary"
	"strings"
)

// draws is a source of choices that depend on nothing but a seed and a key: the same key always gives the same choice,
// on any machine and in any order of asking.
type draws struct {
	seed string
}

// hash returns the first 8 bytes of md5(seed, key...), the parts set apart by a NUL.
func (d draws) hash(key ...string) uint64 {
	sum := md5.Sum([]byte(d.seed + "\x00" + strings.Join(key, "\x00")))
	return binary.BigEndian.Uint64(sum[:8])
}

// below returns a number in [0, n).
func (d draws) below(n int, key ...string) int {
	return int(d.hash(key...) % uint64(n))
}

// oneIn is true for one key of n.
func (d draws) oneIn(n int, key ...string) bool {
	return d.below(n, key...) == 0
}

// weighted is a choice with its weight; a larger weight is drawn more often.
type weighted[T any] struct {
	value  T
	weight int
}

// pick returns the index of one choice, drawn in proportion to the weights.
func pick[T any](d draws, choices []weighted[T], key ...string) int {
	total := 0
	for _, c := range choices {
		total += c.weight
	}
	left := d.below(total, key...)
	for i, c := range choices {
		if left < c.weight {
			return i
		}
		left -= c.weight
	}
	return len(choices) - 1
}
