//go:build !linux && !darwin

package lm

import (
	"io"

	"alignctl/internal/regular"
)

// mapFile reads the whole file where no mapping is at hand.
func mapFile(path string) (data []byte, unmap func() error, err error) {
	file, err := regular.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	data, err = io.ReadAll(file)
	return data, func() error { return nil }, err
}
