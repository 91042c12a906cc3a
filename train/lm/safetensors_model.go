package lm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The names under which a Hugging Face folder keeps its weights.
const (
	weightsFile      = "model.safetensors"
	weightsIndexFile = "model.safetensors.index.json"
)

// ModelTensors is the weights of a model folder, in one file or in shards.
type ModelTensors struct {
	folder  string
	files   []*Safetensors
	of      map[string]*Safetensors // tensor name -> the file that holds it
	tensors []TensorInfo
}

// OpenModelTensors opens a folder's model.safetensors, or else the shards that
// its model.safetensors.index.json lists. Shards must lie in the folder itself.
func OpenModelTensors(folder string) (*ModelTensors, error) {
	model := &ModelTensors{folder: folder, of: map[string]*Safetensors{}}
	err := model.open()
	if err != nil {
		return nil, errors.Join(err, model.Close())
	}
	slices.SortFunc(model.tensors, func(a, b TensorInfo) int { return strings.Compare(a.Name, b.Name) })
	return model, nil
}

func (m *ModelTensors) open() error {
	single := filepath.Join(m.folder, weightsFile)
	if _, err := os.Stat(single); err == nil {
		return m.addFile(single, nil)
	}
	index, err := readWeightsIndex(m.folder)
	if err != nil {
		return err
	}
	shards := map[string][]string{}
	for tensor, shard := range index {
		shards[shard] = append(shards[shard], tensor)
	}
	names := make([]string, 0, len(shards))
	for name := range shards {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := m.addFile(filepath.Join(m.folder, name), shards[name]); err != nil {
			return err
		}
	}
	return nil
}

// addFile opens one file and takes the wanted tensors from it; nil wants all.
func (m *ModelTensors) addFile(path string, wanted []string) error {
	file, err := OpenSafetensors(path)
	if err != nil {
		return err
	}
	m.files = append(m.files, file)
	if wanted == nil {
		for _, info := range file.Tensors() {
			wanted = append(wanted, info.Name)
		}
	}
	for _, name := range wanted {
		info, ok := file.Info(name)
		if !ok {
			return fmt.Errorf("open model %q: tensor %q is not in %q, where %s places it: fetch both again",
				m.folder, name, path, weightsIndexFile)
		}
		m.of[name] = file
		m.tensors = append(m.tensors, info)
	}
	return nil
}

// readWeightsIndex returns tensor -> shard file name.
func readWeightsIndex(folder string) (map[string]string, error) {
	path := filepath.Join(folder, weightsIndexFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open model %q: it holds neither %s nor %s; fetch the model's weights into it",
			folder, weightsFile, weightsIndexFile)
	}
	if err != nil {
		return nil, fmt.Errorf("open model %q: %w", folder, err)
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("read %q: %w", path, err)
	}
	if len(index.WeightMap) == 0 {
		return nil, fmt.Errorf("read %q: weight_map lists no tensor: %s", path, againCure)
	}
	for tensor, shard := range index.WeightMap {
		if !filepath.IsLocal(shard) || shard != filepath.Base(shard) {
			return nil, fmt.Errorf("read %q: tensor %q: shard %q is not a plain file name in the model's folder",
				path, tensor, shard)
		}
	}
	return index.WeightMap, nil
}

// Tensors lists the tensors by name. The slice must not be changed.
func (m *ModelTensors) Tensors() []TensorInfo { return m.tensors }

// Info describes the tensor of that name.
func (m *ModelTensors) Info(name string) (TensorInfo, bool) {
	file, ok := m.of[name]
	if !ok {
		return TensorInfo{}, false
	}
	return file.Info(name)
}

// Float32 is Safetensors.Float32 of the file that holds the tensor.
func (m *ModelTensors) Float32(name string) ([]float32, error) {
	file, ok := m.of[name]
	if !ok {
		return nil, fmt.Errorf("read model %q: no tensor %q", m.folder, name)
	}
	return file.Float32(name)
}

// Files lists the paths of the open weight files, in name order.
func (m *ModelTensors) Files() []string {
	paths := make([]string, len(m.files))
	for i, file := range m.files {
		paths[i] = file.path
	}
	return paths
}

// Close unmaps every file.
func (m *ModelTensors) Close() error {
	var errs []error
	for _, file := range m.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}
