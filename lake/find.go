package lake

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"alignctl/internal/workspace"
)

// Variable is the environment variable that names the lake's folder.
const Variable = "ALIGNCTL_LAKE"

// defaultFolder is the lake's folder where nothing names another.
const defaultFolder = "lake"

// Find says which folder a command works on: the flag's value; else
// $ALIGNCTL_LAKE; else what the nearest alignctl.yaml, upward from the working
// directory, names (or the folder "lake" beside it); else ./lake. It doesn't
// look whether a lake is there.
func Find(flag string) (dir string, err error) {
	if dir := cmp.Or(flag, os.Getenv(Variable)); dir != "" {
		return filepath.Abs(dir)
	}
	file, err := workspace.Find()
	if err != nil {
		return "", fmt.Errorf("find lake: %w", err)
	}
	if file == nil {
		return filepath.Abs(defaultFolder)
	}
	return Named(file)
}

// Named is the folder that a workspace's file names.
func Named(file *workspace.File) (dir string, err error) {
	if err := file.Decode("lake", &dir); err != nil {
		return "", fmt.Errorf("find lake: %w", err)
	}
	return file.Abs(cmp.Or(dir, defaultFolder)), nil
}
