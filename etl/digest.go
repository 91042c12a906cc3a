package etl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"

	"alignctl/internal/progress"
)

// DigestFile is the SHA-256 of a raw file's bytes, lower-case hex, as Checked
// has it, without a look at what they say.
func DigestFile(ctx context.Context, path string) (string, error) {
	f, info, err := openRaw(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	task := progress.Start(ctx, "digest "+info.Name(), info.Size(), "bytes")
	defer task.Done()
	sum := sha256.New()
	for ctx.Err() == nil {
		n, err := io.CopyN(sum, f, 4<<20)
		task.Add(n)
		if err == io.EOF {
			return hex.EncodeToString(sum.Sum(nil)), nil
		}
		if err != nil {
			return "", fmt.Errorf("read raw file %q: %w", path, err)
		}
	}
	return "", ctx.Err()
}

// DigestRules is a digest of the files that are built into alignctl and decide
// what a source makes of its raw files: names and contents, in order.
func DigestRules(files ...fs.FS) (string, error) {
	sum := sha256.New()
	for _, tree := range files {
		err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := fs.ReadFile(tree, path)
			fmt.Fprintf(sum, "%d %s %d ", len(path), path, len(content))
			sum.Write(content)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("digest the rules of a source: %w", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
