package lm

import (
	"fmt"
	"io"
	"os"
)

// The sizes that JSON files of a model folder may have: the largest published
// tokenizers take some 35 MB. A file that claims to be larger isn't read.
const (
	maxSmallJSON     = 16 << 20
	maxTokenizerJSON = 256 << 20
)

// readSmallFile reads a file that must not be larger than limit.
func readSmallFile(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(text)) > limit {
		return nil, fmt.Errorf("read %q: more than %d MiB, which no such file needs: fetch it again", path, limit>>20)
	}
	return text, err
}
