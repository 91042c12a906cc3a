//go:build linux

package lm

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// loadOnly names a folder: the test binary loads it and ends.
const loadOnly = "ALIGNCTL_TEST_LOAD"

// TestLoadOnly is the process that TestLoadingMemory measures.
func TestLoadOnly(t *testing.T) {
	folder := os.Getenv(loadOnly)
	if folder == "" {
		t.Skip("started by TestLoadingMemory only")
	}
	load(t, folder, Options{Backend: backendGo})
}

// TestLoadingMemory: a model that takes n bytes as float32 is loaded within 1.2
// n and a constant, whatever type the file has. ALIGNCTL_LONG makes it 1 GB.
func TestLoadingMemory(t *testing.T) {
	layers := 8
	if os.Getenv("ALIGNCTL_LONG") != "" {
		layers = 63
	}
	empty := peakMemory(t, zeroModel(t, 1, F32)) - zeroBytes(1)
	for _, dtype := range []DType{F32, BF16} {
		size := zeroBytes(layers)
		peak := peakMemory(t, zeroModel(t, layers, dtype)) - empty
		t.Logf("%s: %d MiB of float32 weights took %d MiB", dtype, size>>20, peak>>20)
		if peak > size*6/5 {
			t.Errorf("%s: loading %d MiB took %d MiB, want at most 1.2 times", dtype, size>>20, peak>>20)
		}
	}
}

func zeroConfig(layers int) Config {
	return Config{Architecture: archLlama, VocabSize: 64, HiddenSize: 512, IntermediateSize: 2048, Layers: layers,
		Heads: 8, KVHeads: 8, HeadDim: 64, RMSNormEps: 1e-5, RopeTheta: 1e4, TieEmbeddings: true, BOS: -1, Pad: -1}
}

func zeroBytes(layers int) int64 { return 4 * int64(zeroConfig(layers).Parameters()) }

// zeroModel writes a folder whose weights are a file of zeros behind a header.
func zeroModel(t *testing.T, layers int, dtype DType) string {
	t.Helper()
	folder, config := t.TempDir(), zeroConfig(layers)
	text, err := config.encode()
	if err != nil {
		t.Fatal(err)
	}
	writeTestFile(t, filepath.Join(folder, configFile), text)
	file, err := os.Create(filepath.Join(folder, weightsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	header, end := "{", uint64(0)
	for i, spec := range config.weights() {
		if i > 0 {
			header += ","
		}
		begin := end
		end += uint64(spec.elements()) * dtypeBytes[dtype]
		shape := strconv.Itoa(spec.shape[0])
		if len(spec.shape) == 2 {
			shape = fmt.Sprintf("%d,%d", spec.shape[0], spec.shape[1])
		}
		header += entry(spec.name, string(dtype), "["+shape+"]", begin, end)
	}
	header += "}"
	out := bufio.NewWriter(file)
	if err := binary.Write(out, binary.LittleEndian, uint64(len(header))); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(out, header); err != nil {
		t.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(8 + int64(len(header)) + int64(end)); err != nil {
		t.Fatal(err)
	}
	return folder
}

// peakMemory is the largest resident set of a process that loads the folder.
func peakMemory(t *testing.T, folder string) int64 {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^TestLoadOnly$")
	command.Env = append(os.Environ(), loadOnly+"="+folder)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("load %s: %v\n%s", folder, err, out)
	}
	usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok || usage.Maxrss == 0 {
		t.Skip("this system doesn't say how much memory a process took")
	}
	return usage.Maxrss << 10
}
