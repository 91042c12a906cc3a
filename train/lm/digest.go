package lm

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"alignctl/internal/regular"
)

// ModelSHA256 identifies a model folder by the content of what decides its
// answers: config, tokenizer files, chat template, weights. It hashes, for each
// file in a fixed order, a line "<sha256>  <name>\n", as sha256sum prints it.
// Other files, dates and the folder's own name don't count.
func ModelSHA256(folder string) (string, error) {
	weights, err := weightFiles(folder)
	if err != nil {
		return "", err
	}
	total, found := sha256.New(), false
	for _, name := range append(append([]string{}, companionFiles...), weights...) {
		sum, err := FileSHA256(filepath.Join(folder, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("digest model %q: %w", folder, err)
		}
		found = true
		fmt.Fprintf(total, "%s  %s\n", sum, name)
	}
	if !found {
		return "", fmt.Errorf("digest model %q: it holds no model files", folder)
	}
	return hex.EncodeToString(total.Sum(nil)), nil
}

// AdapterSHA256 is ModelSHA256 for the two files of a LoRA adapter.
func AdapterSHA256(folder string) (string, error) {
	total := sha256.New()
	for _, name := range []string{adapterConfigFile, adapterWeightsFile} {
		sum, err := FileSHA256(filepath.Join(folder, name))
		if err != nil {
			return "", fmt.Errorf("digest adapter %q: %w", folder, err)
		}
		fmt.Fprintf(total, "%s  %s\n", sum, name)
	}
	return hex.EncodeToString(total.Sum(nil)), nil
}

// weightFiles lists the names of a folder's weight files, in order, without
// reading them.
func weightFiles(folder string) ([]string, error) {
	if _, err := os.Stat(filepath.Join(folder, weightsFile)); err == nil {
		return []string{weightsFile}, nil
	}
	index, err := readWeightsIndex(folder)
	if err != nil {
		return nil, err
	}
	shards := map[string]bool{}
	for _, shard := range index {
		shards[shard] = true
	}
	return sortedKeys(shards), nil
}

// FileSHA256 is the hex digest of a file.
func FileSHA256(path string) (string, error) {
	file, err := regular.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
