//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"alignctl/bench/measure"
)

// A program loads the file of a workload.
type program struct {
	name, version string
	// before makes ready what isn't measured; nil: nothing. Both commands run in
	// the workload's folder, where outFolder is fresh.
	before, command []string
}

const outFolder = "out"

// findPrograms gives alignctl and the peers that are at hand, and says what
// keeps others out.
func findPrograms(ctx context.Context, work workload, dir string, o options) (programs []program, absent []string) {
	load := append([]string{o.alignctl, "etl"}, work.alignctl...)
	programs = append(programs, program{
		name: "alignctl", version: ask(ctx, o.alignctl, "version"),
		before:  []string{o.alignctl, "init", outFolder},
		command: append(load, "--lake", outFolder, "--memory", o.memory, "--quiet", work.file),
	})
	for _, library := range []string{"polars", "pandas", "duckdb"} {
		version := ""
		if o.python != "" {
			version = ask(ctx, o.python, "-c", "import "+library+"; print("+library+".__version__)")
		}
		if version == "" {
			absent = append(absent, library+": ALIGNCTL_PEERS is no python that has it")
			continue
		}
		p := program{name: library, version: version, command: work.script(o.python, library+".py")}
		if library == "duckdb" {
			p.command = append(p.command, o.memory)
		}
		programs = append(programs, p)
	}
	if version := ask(ctx, "Rscript", "-e", `cat(as.character(packageVersion("data.table")))`); version != "" {
		programs = append(programs, program{name: "data.table", version: version,
			command: work.script("Rscript", "datatable.R")})
	} else {
		absent = append(absent, "data.table: no Rscript that has it")
	}
	return programs, absent
}

// script is the command that runs a peer's script.
func (w workload) script(interpreter, suffix string) []string {
	path, _ := filepath.Abs(filepath.Join("bench", "peers", w.peer+"_"+suffix)) // fails only without a working folder
	return slices.Concat([]string{interpreter, path}, w.inputs, []string{outFolder})
}

// ask is the last word of the first line that a command prints, "" when it
// fails.
func ask(ctx context.Context, name string, args ...string) string {
	said, err := exec.CommandContext(ctx, name, args...).Output()
	line, _, _ := strings.Cut(string(said), "\n")
	if words := strings.Fields(line); err == nil && len(words) > 0 {
		return words[len(words)-1]
	}
	return ""
}

// measure runs the program once, as a process in a folder that has the file.
func (p program) measure(ctx context.Context, dir string) (measure.Usage, error) {
	out := filepath.Join(dir, outFolder)
	if err := os.RemoveAll(out); err != nil {
		return measure.Usage{}, err
	}
	if err := os.Mkdir(out, 0o700); err != nil {
		return measure.Usage{}, err
	}
	if p.before != nil {
		if said, err := prepared(ctx, dir, p.before).CombinedOutput(); err != nil {
			return measure.Usage{}, fmt.Errorf("prepare: %w: %s", err, said)
		}
	}
	return measure.Run(prepared(ctx, dir, p.command))
}

func prepared(ctx context.Context, dir string, command []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = dir
	return cmd
}
