package swowtest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// The files that WriteStudy writes.
const (
	CompleteFile       = "complete.csv"
	LexiconFile        = "words.txt"
	CueCorrectionsFile = "cues.tsv"
	VariantsFile       = "variants.txt"
)

// WriteStudy writes a complete file and the lists that clean it into a folder.
func WriteStudy(dir string, size Size, seed uint64) error {
	return errors.Join(
		create(dir, CompleteFile, func(w io.Writer) error { return WriteComplete(w, size, seed) }),
		create(dir, LexiconFile, WriteLexicon),
		create(dir, CueCorrectionsFile, func(w io.Writer) error { return WriteCueCorrections(w, size) }),
		create(dir, VariantsFile, func(w io.Writer) error { return WriteVariants(w, size) }),
	)
}

func create(dir, name string, write func(io.Writer) error) error {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
