package lm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// referenceTensors is what testdata/safetensors/reference.safetensors holds; the file was
// written by the format's reference library.
func referenceTensors() []Tensor {
	return []Tensor{
		{Name: "a.weight", Shape: []int{3}, Values: []float32{0.1, -3.4e38, 1e-40}},
		{Name: "b.weight", Shape: []int{2, 3}, DType: F16, Values: []float32{
			1.5, -2.25, 5.9604645e-08, 65504, 1.001358e-05, float32(math.Copysign(0, -1))}},
		{Name: "c.weight", Shape: []int{2, 1}, DType: BF16, Values: []float32{1, -0.3359375}},
		{Name: "empty", Shape: []int{0, 4}},
		{Name: "scalar", Shape: []int{}, Values: []float32{2.5}},
	}
}

func TestOpenReadsTheReferenceFile(t *testing.T) {
	file := openTestFile(t, filepath.Join("testdata", "safetensors", "reference.safetensors"))
	if diff := cmp.Diff(map[string]string{"format": "pt"}, file.Metadata()); diff != "" {
		t.Error(diff)
	}
	if got, want := len(file.Tensors()), len(referenceTensors()); got != want {
		t.Errorf("%d tensors, want %d", got, want)
	}
	for _, want := range referenceTensors() {
		info, _ := file.Info(want.Name)
		if diff := cmp.Diff(want.Shape, info.Shape); diff != "" {
			t.Errorf("%s: %s", want.Name, diff)
		}
		values, err := file.Float32(want.Name)
		if err != nil || !sameBits(values, want.Values) {
			t.Errorf("%s = %v (%v), want %v", want.Name, values, err, want.Values)
		}
	}
}

func TestWriteGivesTheReferenceBytes(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "safetensors", "reference.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "again.safetensors")
	tensors := referenceTensors()
	tensors[0], tensors[4] = tensors[4], tensors[0] // the caller's order doesn't matter
	if err := WriteSafetensors(path, tensors, map[string]string{"format": "pt"}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("wrote (%v)\n%q\nwant\n%q", err, got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("temporary files left: %v", left)
	}
}

func TestIntegerTensorsAreRaw(t *testing.T) {
	file := openTestFile(t, filepath.Join("testdata", "safetensors", "mixed.safetensors"))
	raw, err := file.Bytes("ids")
	if err != nil || len(raw) != 24 || binary.LittleEndian.Uint64(raw) != 1 {
		t.Errorf("Bytes(ids) = %v, %v", raw, err)
	}
	if _, err := file.Float32("ids"); err == nil || !strings.Contains(err.Error(), `tensor "ids": dtype I64`) {
		t.Errorf("Float32(ids): %v", err)
	}
	if _, err := file.Float32("nosuch"); err == nil || !strings.Contains(err.Error(), `no tensor "nosuch"`) {
		t.Errorf("Float32(nosuch): %v", err)
	}
}

// safetensorsBytes builds a file from a header and a data section.
func safetensorsBytes(header string, data int) []byte {
	raw := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(raw, header...), make([]byte, data)...)
}

// entry is one tensor's header member.
func entry(name, dtype, shape string, begin, end uint64) string {
	return fmt.Sprintf(`%q:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, dtype, shape, begin, end)
}

var damagedFiles = []struct {
	name, want string
	raw        []byte
}{
	{"empty file", "too few for a header", nil},
	{"header past the end", "runs past the file's end", safetensorsBytes("{}", 0)[:9]},
	{"header length absurd", "not a safetensors file", bytes.Repeat([]byte{0xff}, 16)},
	{"not JSON", "does not begin with '{'", safetensorsBytes("hello", 0)},
	{"cut JSON", "read header", safetensorsBytes(`{"a":{"dtype":"F32"`, 0)},
	{"text after the object", "text after", safetensorsBytes("{} {}", 0)},
	{"unknown field", `tensor "a"`, safetensorsBytes(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"x":1}}`, 4)},
	{"no shape", `tensor "a": shape`, safetensorsBytes(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, 4)},
	{"three offsets", `tensor "a": shape`, safetensorsBytes(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4,4]}}`, 4)},
	{"unknown dtype", `tensor "a": unknown dtype "F4"`, safetensorsBytes("{"+entry("a", "F4", "[1]", 0, 4)+"}", 4)},
	{"truncated data", `tensor "a": bytes [0, 16) end past the data section of 15 bytes`,
		safetensorsBytes("{"+entry("a", "F32", "[2,2]", 0, 16)+"}", 15)},
	{"shape against range", `tensor "a": F32 [3] needs 12 bytes`, safetensorsBytes("{"+entry("a", "F32", "[3]", 0, 16)+"}", 16)},
	{"shape overflows", `tensor "a": shape`,
		safetensorsBytes("{"+entry("a", "F32", "[4294967296,4294967296,4]", 0, 0)+"}", 0)},
	{"negative dimension", `tensor "a": shape`, safetensorsBytes("{"+entry("a", "F32", "[-1]", 0, 4)+"}", 4)},
	{"backward range", `tensor "a"`, safetensorsBytes("{"+entry("a", "F32", "[1]", 4, 0)+"}", 4)},
	{"overlap", `tensor "b": byte 2 overlaps`,
		safetensorsBytes("{"+entry("a", "F32", "[1]", 0, 4)+","+entry("b", "F32", "[1]", 2, 6)+"}", 6)},
	{"hole", `tensor "b": hole before it in bytes [4, 6)`,
		safetensorsBytes("{"+entry("a", "F32", "[1]", 0, 4)+","+entry("b", "F32", "[1]", 6, 10)+"}", 10)},
	{"trailing data", "4 bytes after the last tensor", safetensorsBytes("{"+entry("a", "F32", "[1]", 0, 4)+"}", 8)},
	{"header not UTF-8", "header is not UTF-8", safetensorsBytes("{\"\xff\":{}}", 0)},
	{"header length 2^63", "not a safetensors file", append([]byte{0, 0, 0, 0, 0, 0, 0, 0x80}, "{}"...)},
	{"range of 2^63 bytes", `tensor "a"`, safetensorsBytes("{"+entry("a", "U8", "[9223372036854775808]", 0, 1<<63)+"}", 0)},
	{"range past 2^63", `tensor "a"`, safetensorsBytes("{"+entry("a", "U8", "[1]", 1<<64-1, 0)+"}", 0)},
	{"named twice", `tensor "a": named twice`,
		safetensorsBytes("{"+entry("a", "F32", "[1]", 0, 4)+","+entry("a", "F32", "[1]", 4, 8)+"}", 8)},
}

func TestDamagedFilesAreRefused(t *testing.T) {
	for _, c := range damagedFiles {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "model.safetensors")
			writeTestFile(t, path, c.raw)
			_, err := OpenSafetensors(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want one that names the file and holds %q", err, c.want)
			}
		})
	}
}

func TestWriteRefusesWhatItCannotStore(t *testing.T) {
	one := []float32{1}
	for want, tensors := range map[string][]Tensor{
		"used twice":    {{Name: "a", Shape: []int{1}, Values: one}, {Name: "a", Shape: []int{1}, Values: one}},
		"does not hold": {{Name: "a", Shape: []int{2}, Values: one}},
		"not written":   {{Name: "a", Shape: []int{1}, Values: one, DType: "I64"}},
	} {
		path := filepath.Join(t.TempDir(), "x.safetensors")
		if err := WriteSafetensors(path, tensors, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a file was left", want)
		}
	}
}

func TestShardedModel(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"x", "y"} {
		tensors := []Tensor{{Name: name, Shape: []int{1}, Values: []float32{float32(name[0])}}}
		if err := WriteSafetensors(filepath.Join(folder, name+".safetensors"), tensors, nil); err != nil {
			t.Fatal(err)
		}
	}
	index := filepath.Join(folder, weightsIndexFile)
	writeTestFile(t, index, []byte(`{"weight_map":{"x":"x.safetensors","y":"y.safetensors"}}`))
	model, err := OpenModelTensors(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if v, err := model.Float32("y"); err != nil || v[0] != 'y' || len(model.Tensors()) != 2 {
		t.Errorf("y = %v, %v; tensors %v", v, err, model.Tensors())
	}
	for text, want := range map[string]string{
		`{"weight_map":{"x":"../x.safetensors"}}`:                  "not a plain file name",
		`{"weight_map":{"x":"/tmp/x.safetensors"}}`:                "not a plain file name",
		`{"weight_map":{"z":"x.safetensors"}}`:                     `tensor "z" is not in`,
		`{"weight_map":{"x":"gone.safetensors"}}`:                  "gone.safetensors",
		`{"weight_map":{}}`:                                        "lists no tensor",
		`{"weight_map":{"x":"x.safetensors","x":"y.safetensors"}}`: `tensor "x": named twice`,
		`{"weight_map":{"x":"x.safetensors","y":"y.safetensors"}`:  "unexpected end",
		`{"weight_map":{"y":"x.safetensors","x":"y.safetensors"}}`: `tensor "x" is in "x.safetensors"`,
		`{"weight_map":["x"]}`:                                     "weight_map",
	} {
		writeTestFile(t, index, []byte(text))
		if _, err := OpenModelTensors(folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	both := []Tensor{{Name: "x", Shape: []int{1}, Values: []float32{1}}, {Name: "y", Shape: []int{1}, Values: []float32{1}}}
	if err := WriteSafetensors(filepath.Join(folder, "y.safetensors"), both, nil); err != nil {
		t.Fatal(err)
	}
	writeTestFile(t, index, []byte(`{"weight_map":{"x":"x.safetensors","y":"y.safetensors"}}`))
	if _, err := OpenModelTensors(folder); err == nil || !strings.Contains(err.Error(), `tensor "x" is in`) {
		t.Errorf("a tensor in two shards: error %v", err)
	}
	empty := t.TempDir()
	if _, err := OpenModelTensors(empty); err == nil || !strings.Contains(err.Error(), empty) {
		t.Errorf("folder without weights: %v", err)
	}
}

func TestNarrowTypesRoundTrip(t *testing.T) {
	for h := range 1 << 16 {
		wide := halfToFloat(uint16(h))
		if wide != wide { // a NaN keeps being one; its payload may change
			if back := halfToFloat(floatToHalf(wide)); back == back {
				t.Fatalf("binary16 NaN %04x became %v", h, back)
			}
			continue
		}
		if got := floatToHalf(wide); got != uint16(h) {
			t.Fatalf("binary16 %04x -> %v -> %04x", h, wide, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float32().Draw(t, "v")
		brain := math.Float32frombits(uint32(floatToBrain(v)) << 16)
		if math.Abs(float64(brain)-float64(v)) > math.Abs(float64(v))/256+1e-40 && !math.IsInf(float64(brain), 0) {
			t.Fatalf("bfloat16 of %v is %v", v, brain)
		}
	})
	for v, want := range map[float32]uint16{65519: 0x7bff, 65520: 0x7c00, 1: 0x3c00, 2049: 0x6800, 2051: 0x6802} {
		if got := floatToHalf(v); got != want {
			t.Errorf("binary16 of %v is %04x, want %04x", v, got, want)
		}
	}
}

// FuzzOpenSafetensors: no bytes crash the reader, and what it accepts lies
// inside the file.
func FuzzOpenSafetensors(f *testing.F) {
	for _, c := range damagedFiles {
		f.Add(c.raw)
	}
	f.Add(safetensorsBytes("{"+entry("a", "F16", "[2]", 0, 4)+"}", 4))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := parseSafetensors(raw)
		if err != nil {
			return
		}
		total := 0
		for _, info := range file.Tensors() {
			data, err := file.Bytes(info.Name)
			if err != nil || len(data) != info.Elements()*int(dtypeBytes[info.DType]) {
				t.Fatalf("%+v: %d bytes, %v", info, len(data), err)
			}
			total += len(data)
		}
		if total != len(file.data) {
			t.Fatalf("tensors hold %d of %d bytes", total, len(file.data))
		}
	})
}

// FuzzWeightsIndex: any index is an error, or names plain files only.
func FuzzWeightsIndex(f *testing.F) {
	f.Add([]byte(`{"metadata":{"total_size":4},"weight_map":{"x":"x.safetensors"}}`))
	f.Add([]byte(`{"weight_map":{"x":"../../etc/passwd"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		index, err := parseWeightsIndex(text)
		if err != nil {
			return
		}
		for tensor, shard := range index {
			if shard == "" || shard == ".." || strings.ContainsAny(shard, "/\x00") {
				t.Fatalf("tensor %q is looked for in %q", tensor, shard)
			}
		}
	})
}

func openTestFile(t *testing.T, path string) *Safetensors {
	t.Helper()
	file, err := OpenSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	return file
}

func writeTestFile(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func sameBits(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return false
		}
	}
	return true
}
