package handover

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"alignctl/internal/regular"
	"alignctl/lake"
	"alignctl/train"
)

// historyFile is where transformers' Trainer, which TRL and LLaMA-Factory build
// on, writes down what it measured: in the folder of the result, and in that of
// each checkpoint.
const historyFile = "trainer_state.json"

// maxHistory is more than any training writes down, in bytes.
const maxHistory = 256 << 20

// readHistory reads what a trainer wrote down in the folder of its result; nil
// when it wrote nothing. A file that isn't whole is an error, since a history
// can't be added once the result is imported.
func readHistory(folder string) (*train.History, error) {
	path, err := findHistory(folder)
	if err != nil {
		return nil, fmt.Errorf("look for the history of a training: %w", err)
	}
	if path == "" {
		return nil, nil
	}
	text, err := regular.Read(path, maxHistory)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	h, err := parseHistory(text)
	if err != nil {
		return nil, fmt.Errorf("read history %s:%w: copy the file again, or import without it: take it away", path, err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	sum := sha256.Sum256(text)
	h.File = lake.RawFile{Source: "training", Name: historyFile, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(text)),
		Rows: h.File.Rows, Licence: "unknown", Path: path}
	return h, nil
}

// findHistory is the path of the history in a folder: its own, or else that of
// its newest checkpoint; "" without any.
func findHistory(folder string) (string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	newest := -1
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), "checkpoint-")
		if step, err := strconv.Atoi(digits); ok && err == nil {
			newest = max(newest, step)
		}
	}
	for _, place := range []string{folder, filepath.Join(folder, fmt.Sprintf("checkpoint-%d", newest))} {
		path := filepath.Join(place, historyFile)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	return "", nil
}
