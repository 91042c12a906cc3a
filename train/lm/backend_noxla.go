//go:build !(cgo && linux && amd64 && !noxla)

package lm

import "errors"

// prepareXLA says why this binary has no XLA.
func prepareXLA(string) error {
	return errors.New("this binary was built without XLA: build on linux/amd64 with cgo and without the tag noxla")
}
