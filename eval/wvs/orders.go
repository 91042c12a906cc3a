package wvs

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"slices"
)

// Orders are different orders in which to show n options, k of them or as many
// as there are: the scale's own, its reverse, then others drawn by the md5 of
// seed, question, order and option. Each lists indices of the options.
func Orders(question string, n, k int, seed int64) [][]int {
	own := make([]int, n)
	for i := range own {
		own[i] = i
	}
	reversed := slices.Clone(own)
	slices.Reverse(reversed)
	k = min(k, factorial(n))
	orders := [][]int{own}
	for draw := 0; len(orders) < k; draw++ {
		next := reversed
		if draw > 0 {
			next = shuffled(own, fmt.Sprintf("%d|%s|%d", seed, question, draw))
		}
		if !slices.ContainsFunc(orders, func(o []int) bool { return slices.Equal(o, next) }) {
			orders = append(orders, next)
		}
	}
	return orders
}

// manyOrders is more than anybody asks in.
const manyOrders = 1 << 20

// factorial is n!, or manyOrders.
func factorial(n int) int {
	product := 1
	for i := 2; i <= n && product < manyOrders; i++ {
		product *= i
	}
	return product
}

// shuffled orders indices by a hash of theirs.
func shuffled(indices []int, key string) []int {
	drawn := slices.Clone(indices)
	slices.SortFunc(drawn, func(a, b int) int {
		x, y := md5.Sum(fmt.Appendf(nil, "%s|%d", key, a)), md5.Sum(fmt.Appendf(nil, "%s|%d", key, b))
		return bytes.Compare(x[:], y[:])
	})
	return drawn
}
