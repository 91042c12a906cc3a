package lake

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// Variable is the environment variable that names the lake's folder.
const Variable = "ALIGNCTL_LAKE"

// workspaceFile marks a workspace; its key "lake" names the lake's folder,
// relative to it.
const workspaceFile = "alignctl.yaml"

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
	here, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find lake: %w", err)
	}
	for folder := here; ; folder = filepath.Dir(folder) {
		content, err := os.ReadFile(filepath.Join(folder, workspaceFile))
		if err == nil {
			return named(folder, content)
		}
		if !os.IsNotExist(err) {
			return "", fmt.Errorf("find lake: %w", err)
		}
		if folder == filepath.Dir(folder) {
			return filepath.Join(here, "lake"), nil
		}
	}
}

// named reads the lake's folder from a workspace file.
func named(folder string, content []byte) (string, error) {
	var workspace struct {
		Lake string `yaml:"lake"`
	}
	if err := yaml.Unmarshal(content, &workspace); err != nil {
		return "", fmt.Errorf("find lake: %s: %w", filepath.Join(folder, workspaceFile), err)
	}
	switch {
	case workspace.Lake == "":
		return filepath.Join(folder, "lake"), nil
	case filepath.IsAbs(workspace.Lake):
		return workspace.Lake, nil
	}
	return filepath.Join(folder, workspace.Lake), nil
}
