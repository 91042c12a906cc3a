package lm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The kinds of folders that Describe tells apart.
const (
	KindModel   = "base"    // a whole model
	KindAdapter = "adapter" // a LoRA adapter in PEFT layout
)

// A Description is what the headers of a model's or adapter's folder say; no
// weight is read.
type Description struct {
	Kind       string // KindModel or KindAdapter
	Parameters int    // values of all tensors
	Bytes      int64  // that they take in the files
	DType      string // of the tensors: "BF16", or "BF16, F32" where they differ
	Config     Config // of a model
	LoRA       LoRAConfig
	Base       string // what an adapter's configuration calls its base: a folder or a name
}

// Describe looks what a folder holds. A model's tensors must fit its config; an
// adapter fits a model only by CheckAdapter.
func Describe(folder string) (Description, error) {
	if _, err := os.Stat(filepath.Join(folder, adapterConfigFile)); err == nil {
		return describeAdapter(folder)
	}
	config, err := CheckFolder(folder)
	if err != nil {
		return Description{}, err
	}
	files, err := OpenModelTensors(folder)
	if err != nil {
		return Description{}, err
	}
	d := Description{Kind: KindModel, Config: config}
	d.count(files.Tensors())
	return d, files.Close()
}

func describeAdapter(folder string) (Description, error) {
	lora, err := readAdapterConfig(folder)
	if err != nil {
		return Description{}, err
	}
	base, err := adapterBase(folder)
	if err != nil {
		return Description{}, err
	}
	file, err := OpenSafetensors(filepath.Join(folder, adapterWeightsFile))
	if err != nil {
		return Description{}, fmt.Errorf("open adapter %q: %w", folder, err)
	}
	d := Description{Kind: KindAdapter, LoRA: lora, Base: base}
	d.count(file.Tensors())
	return d, file.Close()
}

// count sums the tensors up.
func (d *Description) count(tensors []TensorInfo) {
	var types []string
	for _, t := range tensors {
		d.Parameters += t.Elements()
		d.Bytes += int64(t.end - t.begin)
		if !slices.Contains(types, string(t.DType)) {
			types = append(types, string(t.DType))
		}
	}
	slices.Sort(types)
	d.DType = strings.Join(types, ", ")
}

// Digest is ModelSHA256 or AdapterSHA256, as the folder's kind asks.
func (d Description) Digest(folder string) (string, error) {
	if d.Kind == KindAdapter {
		return AdapterSHA256(folder)
	}
	return ModelSHA256(folder)
}

// CheckAdapter says by the headers whether an adapter fits a model: the error
// names the first tensor that doesn't, and both shapes.
func CheckAdapter(model, adapter string) error {
	config, err := LoadConfig(model)
	if err != nil {
		return err
	}
	lora, err := readAdapterConfig(adapter)
	if err != nil {
		return err
	}
	file, err := OpenSafetensors(filepath.Join(adapter, adapterWeightsFile))
	if err != nil {
		return fmt.Errorf("open adapter %q: %w", adapter, err)
	}
	if err := checkAdapter(file, lora.loraWeights(config), model); err != nil {
		return errors.Join(fmt.Errorf("open adapter %q: %w", adapter, err), file.Close())
	}
	return file.Close()
}
