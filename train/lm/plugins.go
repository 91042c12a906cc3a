package lm

import (
	"os"
	"path/filepath"
)

// pluginFolders is the variable that names the folders of PJRT plugins.
const pluginFolders = "PJRT_PLUGIN_LIBRARY_PATH"

// PluginFiles lists the files that are named as PJRT plugins are, in the
// folders where go-xla looks first. It doesn't load them: a damaged one may end
// the process.
func PluginFiles() (files []string) {
	for _, folder := range pluginSearch() {
		for _, pattern := range []string{"pjrt_c_api_*_plugin.so", "pjrt[-_]plugin[-_]*.so"} {
			found, _ := filepath.Glob(filepath.Join(folder, pattern)) // fails only for a malformed pattern
			files = append(files, found...)
		}
	}
	return files
}

// pluginSearch is what go-xla does with the variable: without it, its own folders.
func pluginSearch() []string {
	if named, set := os.LookupEnv(pluginFolders); set {
		return filepath.SplitList(named)
	}
	folders := []string{"/usr/local/lib/go-xla"}
	if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, filepath.Join(home, ".local", "lib", "go-xla"))
	}
	return folders
}
