package lake

import (
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
	if flag != "" {
		return filepath.Abs(flag)
	}
	if dir := os.Getenv(Variable); dir != "" {
		return filepath.Abs(dir)
	}
	file, err := workspace.Find()
	if err != nil {
		return "", fmt.Errorf("find lake: %w", err)
	}
	if file == nil {
		return filepath.Abs(defaultFolder)
	}
	if err := file.Decode("lake", &dir); err != nil {
		return "", fmt.Errorf("find lake: %w", err)
	}
	if dir == "" {
		dir = defaultFolder
	}
	return file.Abs(dir), nil
}
