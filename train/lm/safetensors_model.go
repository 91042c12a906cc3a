package lm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"alignctl/internal/regular"
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
	shards := map[string]bool{}
	for _, shard := range index {
		shards[shard] = true
	}
	for _, name := range sortedKeys(shards) {
		if err := m.addFile(filepath.Join(m.folder, name), index); err != nil {
			return err
		}
	}
	return m.complete(index)
}

// addFile opens one file and takes its tensors. Those of a shard must be where
// the index places them; nil means there is no index.
func (m *ModelTensors) addFile(path string, index map[string]string) error {
	file, err := OpenSafetensors(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open model %q: no file %q, which its %s lists: fetch it into the folder",
			m.folder, filepath.Base(path), weightsIndexFile)
	}
	if err != nil {
		return err
	}
	m.files = append(m.files, file)
	for _, info := range file.Tensors() {
		shard, listed := index[info.Name]
		switch {
		case index != nil && !listed:
			continue
		case index != nil && shard != filepath.Base(path):
			return fmt.Errorf("open model %q: tensor %q is in %q, but its %s places it in %q: fetch both again",
				m.folder, info.Name, filepath.Base(path), weightsIndexFile, shard)
		}
		m.of[info.Name] = file
		m.tensors = append(m.tensors, info)
	}
	return nil
}

// complete checks that every tensor of the index was found.
func (m *ModelTensors) complete(index map[string]string) error {
	for _, tensor := range sortedKeys(index) {
		if m.of[tensor] == nil {
			return fmt.Errorf("open model %q: tensor %q is not in %q, where its %s places it: fetch both again",
				m.folder, tensor, index[tensor], weightsIndexFile)
		}
	}
	return nil
}

// readWeightsIndex returns tensor -> shard file name.
func readWeightsIndex(folder string) (map[string]string, error) {
	path := filepath.Join(folder, weightsIndexFile)
	text, err := regular.Read(path, maxSmallJSON)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open model %q: it holds neither %s nor %s; fetch the model's weights into it",
			folder, weightsFile, weightsIndexFile)
	}
	if err != nil {
		return nil, fmt.Errorf("open model %q: %w", folder, err)
	}
	index, err := parseWeightsIndex(text)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", path, err)
	}
	return index, nil
}

// weightMap is tensor -> shard, read so that no tensor is named twice.
type weightMap map[string]string

// UnmarshalJSON reads the object's members one by one.
func (m *weightMap) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if opening, err := dec.Token(); err != nil || opening != json.Delim('{') {
		return errors.Join(err, fmt.Errorf("weight_map is no object: %s", againCure))
	}
	*m = weightMap{}
	seen := map[string]bool{}
	for dec.More() {
		tensor, err := headerKey(dec, seen)
		if err != nil {
			return err
		}
		var shard string
		if err := dec.Decode(&shard); err != nil {
			return err
		}
		(*m)[tensor] = shard
	}
	return nil
}

// parseWeightsIndex reads and checks an index: shards lie in the folder itself.
func parseWeightsIndex(text []byte) (map[string]string, error) {
	var index struct {
		WeightMap weightMap `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, err
	}
	if len(index.WeightMap) == 0 {
		return nil, fmt.Errorf("weight_map lists no tensor: %s", againCure)
	}
	for tensor, shard := range index.WeightMap {
		plain := filepath.IsLocal(shard) && shard == filepath.Base(shard) && shard != "."
		if !plain || strings.ContainsRune(shard, 0) {
			return nil, fmt.Errorf("tensor %q: shard %q is not a plain file name in the model's folder", tensor, shard)
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
