package lm

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go"
)

// The backends in the order in which they are tried. The Go backend runs its
// operations one after another: its parallel modes can deadlock (GoMLX 0.28).
const (
	backendCUDA = "xla:cuda"
	backendCPU  = "xla:cpu"
	backendGo   = "go:ops_sequential"
)

// IsCPU says whether a backend, by its full name, is XLA on the CPU.
func IsCPU(backend string) bool { return strings.HasPrefix(backend, backendCPU) }

// noAutoInstall keeps go-xla from fetching plugins over the network.
const noAutoInstall = "GOMLX_NO_AUTO_INSTALL"

// BackendNames lists the backends in the order in which OpenBackend("") tries
// them.
func BackendNames() []string { return []string{backendCUDA, backendCPU, backendGo} }

// DescribeBackend starts a backend, named as for OpenBackend, and says what it
// is: for XLA the plugin's file and version.
func DescribeBackend(name string) (string, error) {
	backend, _, err := OpenBackend(name)
	if err != nil {
		return "", err
	}
	defer backend.Finalize()
	return firstLine(backend.Description()), nil
}

// OpenBackend starts the backend of that name: "xla:cuda", "xla:cpu", "go", or
// "xla:" and the path of a PJRT plugin. The empty name takes the first of
// xla:cuda, xla:cpu and go that starts. It returns the full name of the backend
// that was started. Plugins are looked for in PJRT_PLUGIN_LIBRARY_PATH and in
// go-xla's usual folders; nothing is fetched. The caller finalizes the backend.
func OpenBackend(name string) (compute.Backend, string, error) {
	if name != "" {
		full, err := ResolveBackend(name)
		if err != nil {
			return nil, "", err
		}
		backend, err := startBackend(full)
		if err != nil {
			return nil, "", fmt.Errorf("start backend %q: %w", full, err)
		}
		return backend, full, nil
	}
	var reasons []error
	for _, candidate := range BackendNames() {
		backend, err := startBackend(candidate)
		if err == nil {
			return backend, candidate, nil
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", candidate, err))
	}
	return nil, "", fmt.Errorf("start a backend: %w", errors.Join(reasons...))
}

// ResolveBackend completes a user's name, refusing modes that hang.
func ResolveBackend(name string) (string, error) {
	switch {
	case name == "go" || name == backendGo:
		return backendGo, nil
	case name == "xla":
		return backendCPU, nil
	case strings.HasPrefix(name, "xla:"):
		return name, nil
	}
	return "", fmt.Errorf("unknown backend %q: use %s, %s, go or xla:/path/of/plugin.so", name, backendCUDA, backendCPU)
}

// startBackend starts a backend by its full name. Plugins that are damaged
// panic in their loader, so a panic is an error here.
func startBackend(name string) (backend compute.Backend, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			backend, err = nil, fmt.Errorf("%v", firstLine(fmt.Sprint(cause)))
		}
	}()
	if err := os.Setenv(noAutoInstall, "1"); err != nil {
		return nil, err
	}
	if strings.HasPrefix(name, "xla:") {
		if err := prepareXLA(strings.TrimPrefix(name, "xla:")); err != nil {
			return nil, err
		}
	}
	backend, err = compute.NewWithConfig(name)
	if err != nil {
		return nil, errors.New(firstLine(err.Error())) // and not the typed nil that comes with it
	}
	return backend, nil
}

// firstLine cuts the stack traces that GoMLX adds to its messages.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// SIMD says whether this binary was built with GOEXPERIMENT=simd, without which
// the Go backend is 4 to 6 times slower.
func SIMD() bool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	for _, setting := range info.Settings {
		if setting.Key == "GOEXPERIMENT" {
			return strings.Contains(","+setting.Value+",", ",simd,")
		}
	}
	return false
}
