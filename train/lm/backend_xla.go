//go:build cgo && linux && amd64 && !noxla

package lm

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// prepareXLA keeps go-xla off the network and checks that the plugin is there,
// so that a missing one is said in one line. go-xla reads its environment
// variable before main runs, hence the call beside it.
func prepareXLA(plugin string) error {
	xla.EnableAutoInstall(false)
	plugin, _, _ = strings.Cut(plugin, ",") // options follow
	if filepath.IsAbs(plugin) {
		return checkPlugin(plugin)
	}
	found, err := loadable()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(found, func(name string) bool {
		return name == plugin || strings.HasPrefix(name, plugin+"_v")
	}) {
		return nil
	}
	return fmt.Errorf("no PJRT plugin %q found: put one in a folder and name that in %s", plugin, pluginFolders)
}

// loadable lists the plugins that go-xla finds. Its search trips over a damaged
// file, whichever plugin is looked for; then that file is the error.
func loadable() (names []string, err error) {
	for _, path := range PluginFiles() {
		if err := checkPlugin(path); err != nil {
			return nil, err
		}
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = unloadable(cause)
		}
	}()
	return xla.GetAvailablePlugins(), nil
}

// unloadable finds the file that the loader refuses, such as one whose own
// libraries are missing.
func unloadable(cause any) error {
	for _, path := range PluginFiles() {
		if _, err := pjrt.GetPlugin(path); err != nil {
			return badPlugin(path, err)
		}
	}
	return fmt.Errorf("look for PJRT plugins: %v", cause)
}

// checkPlugin refuses a file that isn't a whole library. The loader maps files
// without looking at their length: a page that is missing at the end would end
// the process.
func checkPlugin(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("find PJRT plugin: %w", err)
	}
	library, err := elf.Open(path)
	if err != nil {
		return badPlugin(path, errors.New("it isn't a whole library"))
	}
	defer library.Close()
	for _, p := range library.Progs {
		if p.Off+p.Filesz > uint64(info.Size()) {
			return badPlugin(path, errors.New("its end is missing"))
		}
	}
	return nil
}

func badPlugin(path string, cause error) error {
	return fmt.Errorf("load PJRT plugin %q: %s: fetch the file again, or take it away", path, firstLine(cause.Error()))
}
