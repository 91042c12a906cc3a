package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/internal/cell"
	"alignctl/internal/machine"
	"alignctl/train/lm"
)

type doctorOptions struct {
	selfTest bool
	backend  string
	format   string
}

// doctorCommand says what this binary and this machine can do, and why.
func doctorCommand(t *terminal) *cli.Command {
	var o doctorOptions
	return checked(&cli.Command{
		Name:  "doctor",
		Usage: "say what is missing here, and the command that cures it",
		Description: "Looks at the binary, the machine, the lake, alignctl.yaml and its files, data sets out of date, runs\n" +
			"that didn't end, and the backends. Each backend is started in a process of its own, so that a\n" +
			"damaged plugin harms nobody. With --self-test each that starts trains a tiny model for a few steps,\n" +
			"within a minute for all; exit code 1 when the backend that training would take fails.",
		Flags: t.flags(
			&cli.BoolFlag{Name: "self-test", Usage: "train a tiny model on each backend that starts", Destination: &o.selfTest},
			oneOf(&cli.StringFlag{Name: "backend", Usage: "look at this one only, by `NAME`, in this process", Destination: &o.backend}, lm.BackendNames()...),
			outputFlag(&o.format),
		),
		Action: func(c *cli.Context) error { return runDoctor(c.Context, t, o) },
	}, noArguments)
}

// doctorLimit is how long all backends together may take.
const doctorLimit = time.Minute

func runDoctor(ctx context.Context, t *terminal, o doctorOptions) error {
	ctx, cancel := context.WithTimeout(ctx, doctorLimit)
	defer cancel()
	g := newGrid("check", "state", "detail", "cure")
	if o.backend != "" {
		err := addBackend(ctx, g, o.backend, o.selfTest)
		return errors.Join(t.printDiagnosis(o.format, g), err)
	}
	addBuild(g)
	addMachine(g)
	t.addWorkspace(g)
	t.addLake(ctx, g)
	err := addBackends(ctx, g, o.selfTest)
	return errors.Join(t.printDiagnosis(o.format, g), err)
}

// printDiagnosis writes doctor's list: on a terminal as lines, each cure whole on a
// line of its own, to be copied.
func (t *terminal) printDiagnosis(format string, g *grid) error {
	look := lookOf(t.out)
	if format != "" || look.width == 0 {
		return t.printRows(format, g)
	}
	checks, states := 0, 0
	for _, row := range g.rows {
		checks, states = max(checks, narrow.StringWidth(cell.Text(row[0]))), max(states, narrow.StringWidth(cell.Text(row[1])))
	}
	var b strings.Builder
	for _, row := range g.rows {
		check, state := cell.Text(row[0]), cell.Text(row[1])
		fmt.Fprintf(&b, "%s  %s  %s\n", narrow.FillRight(check, checks),
			look.paint(stateStyle(state), narrow.FillRight(state, states)), oneLine(cell.Text(row[2])))
		if cure := cell.Text(row[3]); cure != "" {
			fmt.Fprintf(&b, "%*s  cure: %s\n", checks, "", look.paint(bold, cure))
		}
	}
	_, err := io.WriteString(t.out, b.String())
	return err
}

// addMachine adds what the computer has.
func addMachine(g *grid) {
	g.add("cores", "ok", strconv.Itoa(runtime.NumCPU()), "")
	if total, available, known := machine.Memory(); known {
		state, cure := "ok", ""
		if available < lowMemory {
			state, cure = "low", "alignctl train sft --dry-run (says what a run takes; --checkpoint-layers takes less)"
		}
		g.add("memory", state, fmt.Sprintf("%s, %s available", mebibytes(total), mebibytes(available)), cure)
	}
	for _, path := range lm.PluginFiles() {
		if info, err := os.Stat(path); err == nil {
			g.add("plugin", "found", fmt.Sprintf("%s, %s", path, mebibytes(info.Size())), "")
		}
	}
}

// lowMemory and lowDisk are below what a small model and its lake take, in bytes.
const (
	lowMemory = 1 << 30
	lowDisk   = 1 << 30
)

// addBuild adds what the linker recorded; without simd the Go backend crawls,
// so that stands as a finding of its own.
func addBuild(g *grid) {
	g.add("alignctl", "ok", version(), "")
	g.add("go", "ok", fmt.Sprintf("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH), "")
	if lm.SIMD() {
		g.add("simd", "ok", "built with GOEXPERIMENT=simd", "")
	} else {
		g.add("simd", "missing", "the go backend is 4 to 6 times slower: built without GOEXPERIMENT=simd", "make build")
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	for _, s := range info.Settings {
		if s.Key == "-tags" || s.Key == "CGO_ENABLED" {
			g.add("build "+strings.TrimPrefix(s.Key, "-"), "ok", s.Value, "")
		}
	}
	for _, m := range info.Deps {
		if reported[m.Path] {
			g.add("library", "ok", m.Path+" "+m.Version, "")
		}
	}
}

// reported are the libraries whose version decides results.
var reported = map[string]bool{
	"github.com/gomlx/gomlx": true, "github.com/gomlx/compute": true, "github.com/gomlx/go-xla": true,
	"github.com/duckdb/duckdb-go/v2": true, "github.com/apache/arrow-go/v18": true,
	"github.com/apache/iceberg-go": true, "github.com/parquet-go/parquet-go": true,
}
