package lm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"

	"alignctl/internal/progress"
)

// A weightSpec names one tensor of a model and its shape.
type weightSpec struct {
	name  string
	shape []int
}

// elements is the number of values: the product of the shape.
func (s weightSpec) elements() int { return TensorInfo{Shape: s.shape}.Elements() }

// weights lists every tensor that a model of this shape has, by its Hugging Face
// name. Projections are [out, in].
func (c Config) weights() []weightSpec {
	specs := []weightSpec{{"model.embed_tokens.weight", []int{c.VocabSize, c.HiddenSize}}}
	for layer := range c.Layers {
		specs = append(specs, c.layerWeights(fmt.Sprintf("model.layers.%d.", layer))...)
	}
	specs = append(specs, weightSpec{"model.norm.weight", []int{c.HiddenSize}})
	if !c.TieEmbeddings {
		specs = append(specs, weightSpec{"lm_head.weight", []int{c.VocabSize, c.HiddenSize}})
	}
	return specs
}

func (c Config) layerWeights(prefix string) []weightSpec {
	queries, keys := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	attention := prefix + "self_attn."
	specs := []weightSpec{
		{prefix + "input_layernorm.weight", []int{c.HiddenSize}},
		{attention + "q_proj.weight", []int{queries, c.HiddenSize}},
		{attention + "k_proj.weight", []int{keys, c.HiddenSize}},
		{attention + "v_proj.weight", []int{keys, c.HiddenSize}},
		{attention + "o_proj.weight", []int{c.HiddenSize, queries}},
		{prefix + "post_attention_layernorm.weight", []int{c.HiddenSize}},
		{prefix + "mlp.gate_proj.weight", []int{c.IntermediateSize, c.HiddenSize}},
		{prefix + "mlp.up_proj.weight", []int{c.IntermediateSize, c.HiddenSize}},
		{prefix + "mlp.down_proj.weight", []int{c.HiddenSize, c.IntermediateSize}},
	}
	if c.QKVBias {
		specs = append(specs,
			weightSpec{attention + "q_proj.bias", []int{queries}},
			weightSpec{attention + "k_proj.bias", []int{keys}},
			weightSpec{attention + "v_proj.bias", []int{keys}})
	}
	if c.OutputBias {
		specs = append(specs, weightSpec{attention + "o_proj.bias", []int{c.HiddenSize}})
	}
	if c.NormalizeHeads {
		specs = append(specs,
			weightSpec{attention + "q_norm.weight", []int{c.HeadDim}},
			weightSpec{attention + "k_norm.weight", []int{c.HeadDim}})
	}
	return specs
}

// ignoredWeight says whether a tensor that the decoder doesn't use may stand in
// a checkpoint: a copy of the tied embedding, and rotary tables of old exports.
func (c Config) ignoredWeight(name string) bool {
	return c.TieEmbeddings && name == "lm_head.weight" || strings.HasSuffix(name, ".rotary_emb.inv_freq")
}

// CheckFolder compares the headers of a folder's weights with its config, and
// reads no weight: every tensor that the config asks for is there, once, with
// its shape, in a type that is read, and no other.
func CheckFolder(folder string) (Config, error) {
	config, err := LoadConfig(folder)
	if err != nil {
		return Config{}, err
	}
	files, err := OpenModelTensors(folder)
	if err != nil {
		return Config{}, err
	}
	return config, errors.Join(config.checkWeights(folder, files.Tensors()), files.Close())
}

// checkWeights compares what a folder holds with what its config asks for.
func (c Config) checkWeights(folder string, found []TensorInfo) error {
	infos := make(map[string]TensorInfo, len(found))
	for _, info := range found {
		infos[info.Name] = info
	}
	for _, spec := range c.weights() {
		info, ok := infos[spec.name]
		switch {
		case !ok:
			return fmt.Errorf("open model %q: no tensor %q, which its %s asks for: fetch the weights again, or the config "+
				"that belongs to them", folder, spec.name, configFile)
		case !slices.Equal(info.Shape, spec.shape):
			return fmt.Errorf("open model %q: tensor %q is %v, but its %s asks for %v: fetch the files that belong together",
				folder, spec.name, info.Shape, configFile, spec.shape)
		case !slices.Contains(storedFirst, info.DType):
			return fmt.Errorf("open model %q: tensor %q is %s: convert the weights to F32, F16 or BF16",
				folder, spec.name, info.DType)
		}
		delete(infos, spec.name)
	}
	for _, info := range found {
		if _, left := infos[info.Name]; left && !c.ignoredWeight(info.Name) {
			return fmt.Errorf("open model %q: tensor %q has no place in a %s with this %s",
				folder, info.Name, c.Architecture, configFile)
		}
	}
	return nil
}

// loadWeights puts a folder's tensors into the store as variables. Each
// goes from the mapped file straight to the backend, and its pages are given
// back at once: at no time do two copies of the model fill the memory.
func (m *Model) loadWeights(ctx context.Context, folder string, which Trainable) (err error) {
	files, err := OpenModelTensors(folder)
	if err != nil {
		return err
	}
	defer func() {
		if closing := files.Close(); err == nil {
			err = closing
		}
	}()
	if err := m.Config.checkWeights(folder, files.Tensors()); err != nil {
		return err
	}
	specs := m.Config.weights()
	task := progress.Start(ctx, "load model", int64(len(specs)), "tensors")
	defer task.Done()
	for _, spec := range specs {
		if err := ctx.Err(); err != nil {
			return err
		}
		tensor, err := loadTensor(m.Backend, files, spec, m.storedType(spec, which))
		if err != nil {
			return fmt.Errorf("open model %q: tensor %q: %w", folder, spec.name, err)
		}
		if err := m.addVariable(spec.name, tensor); err != nil {
			return err
		}
		task.Add(1)
	}
	return nil
}

// fileTypes are the types of files that a backend takes as they are: every
// platform that we build for is little-endian, as the files are.
var fileTypes = map[DType]dtypes.DType{F32: dtypes.Float32, BF16: dtypes.BFloat16}

// loadTensor copies one tensor to the backend as dtype, float32 or bfloat16.
func loadTensor(
	backend compute.Backend, files *ModelTensors, spec weightSpec, dtype dtypes.DType,
) (*tensors.Tensor, error) {
	file := files.of[spec.name]
	info, _ := file.Info(spec.name)
	raw, err := file.Bytes(spec.name)
	if err != nil {
		return nil, err
	}
	defer releasePages(raw)
	switch {
	case fileTypes[info.DType] == dtype:
		return tensors.FromRaw(backend, 0, shapes.Make(dtype, spec.shape...), raw)
	case dtype == dtypes.Float32:
		return widenTensor(backend, spec.shape, info.DType, raw)
	}
	values, err := decodeFloats(info.DType, raw)
	if err != nil {
		return nil, err
	}
	narrow := appendFloats(make([]byte, 0, 2*len(values)), BF16, values)
	return tensors.FromRaw(backend, 0, shapes.Make(dtype, spec.shape...), narrow)
}

// widenTensor copies narrow values to the backend as float32: into its own
// memory where that can be written, so that there is no second copy.
func widenTensor(backend compute.Backend, shape []int, dtype DType, raw []byte) (*tensors.Tensor, error) {
	if err := checkFloats(dtype); err != nil {
		return nil, err
	}
	if !backend.HasSharedBuffers() {
		values, err := decodeFloats(dtype, raw)
		if err != nil {
			return nil, err
		}
		return newTensor(backend, shape, values)
	}
	tensor, err := tensors.FromShapeForBackend(backend, 0, shapes.Make(dtypes.Float32, shape...))
	if err != nil {
		return nil, err
	}
	return tensor, tensors.MutableFlatData(tensor, func(values []float32) { widenInto(values, dtype, raw) })
}

// newTensor copies float32 values to the backend.
func newTensor(backend compute.Backend, shape []int, values []float32) (*tensors.Tensor, error) {
	return tensors.FromRaw(backend, 0, shapes.Make(dtypes.Float32, shape...), dtypes.UnsafeByteSlice(values))
}

// addVariable names a frozen tensor in the store.
func (m *Model) addVariable(name string, tensor *tensors.Tensor) error {
	variable, err := m.Store.CreateVariable("/"+name, tensor)
	if err != nil {
		return fmt.Errorf("name weight %q: %w", name, err)
	}
	variable.SetTrainable(false)
	if err := m.Devices.Hold(variable); err != nil {
		return fmt.Errorf("copy weight %q to %d devices: %w", name, m.Devices.count(), err)
	}
	return nil
}
