//go:build cgo && linux && amd64 && !noxla

package lm

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/go-xla/compute/xla"
)

// prepareXLA keeps go-xla off the network and checks that the plugin is there,
// so that a missing one is said in one line. go-xla reads its environment
// variable before main runs, hence the call beside it.
func prepareXLA(plugin string) error {
	xla.EnableAutoInstall(false)
	plugin, _, _ = strings.Cut(plugin, ",") // options follow
	if filepath.IsAbs(plugin) {
		return nil
	}
	found := xla.GetAvailablePlugins()
	if slices.ContainsFunc(found, func(name string) bool {
		return name == plugin || strings.HasPrefix(name, plugin+"_v")
	}) {
		return nil
	}
	return fmt.Errorf("no PJRT plugin %q found: put one in a folder and name that in PJRT_PLUGIN_LIBRARY_PATH", plugin)
}
