package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/train/lm"
)

// doctorCommand says what this binary and this machine can do, and why.
func doctorCommand(t *terminal) *cli.Command {
	var format string
	return checked(&cli.Command{
		Name:  "doctor",
		Usage: "say how this binary was built and which backends run here",
		Flags: []cli.Flag{outputFlag(&format)},
		Action: func(*cli.Context) error {
			g := newGrid("check", "state", "detail")
			addBuild(g)
			for _, b := range lm.Backends() {
				g.add("backend "+b.Name, backendState(b), b.Detail)
			}
			return t.printRows(format, g)
		},
	}, noArguments)
}

func backendState(b lm.BackendStatus) string {
	switch {
	case b.Chosen:
		return "chosen"
	case b.Usable:
		return "usable"
	}
	return "missing"
}

// addBuild adds what the linker recorded; without simd the Go backend crawls,
// so that stands as a finding of its own.
func addBuild(g *grid) {
	g.add("alignctl", "ok", version())
	g.add("go", "ok", fmt.Sprintf("%s %s/%s, %d cores", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU()))
	if lm.SIMD() {
		g.add("simd", "ok", "built with GOEXPERIMENT=simd")
	} else {
		g.add("simd", "missing", "the go backend is 4 to 6 times slower: build with GOEXPERIMENT=simd (make build)")
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	for _, s := range info.Settings {
		if s.Key == "-tags" || s.Key == "CGO_ENABLED" {
			g.add("build "+strings.TrimPrefix(s.Key, "-"), "ok", s.Value)
		}
	}
	for _, m := range info.Deps {
		if reported[m.Path] {
			g.add("library", "ok", m.Path+" "+m.Version)
		}
	}
}

// reported are the libraries whose version decides results.
var reported = map[string]bool{
	"github.com/gomlx/gomlx": true, "github.com/gomlx/compute": true, "github.com/gomlx/go-xla": true,
	"github.com/duckdb/duckdb-go/v2": true, "github.com/apache/arrow-go/v18": true,
	"github.com/apache/iceberg-go": true, "github.com/parquet-go/parquet-go": true,
}
