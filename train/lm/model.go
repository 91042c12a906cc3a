package lm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

// Trainable says which of a model's weights training may change.
type Trainable int

// The sets of weights to train.
const (
	TrainNone Trainable = iota // all frozen: evaluation
	TrainLoRA                  // the low-rank updates; the base stays frozen
	TrainFull                  // every weight of the base; no adapter
)

// Options says how to load a model.
type Options struct {
	Backend   string     // as for OpenBackend; "" chooses
	Adapter   string     // folder of a LoRA adapter in PEFT layout; "" for none
	Trainable Trainable  // what training may change
	LoRA      LoRAConfig // a fresh adapter for TrainLoRA, when Adapter is ""

	// Admit, where there is one, may refuse the model on the backend that was
	// chosen, before its weights are read.
	Admit     func(backend string, config Config) error
	Precision string // of Precisions; "" is the first

	// CheckpointLayers has a backward pass compute each layer's insides anew from
	// what went in, instead of keeping them all: less memory, a third more work.
	CheckpointLayers bool

	Devices int // of the backend, that train it together; 0 and 1: one
}

// A Model is a loaded model folder on a backend. Close it after use. It isn't
// safe for concurrent use.
type Model struct {
	Folder      string
	Config      Config
	Backend     compute.Backend
	BackendName string // the backend that was chosen, as OpenBackend names it
	Store       *model.Store
	Decoder     *Decoder
	Devices     *Devices // that have all weights; nil: the first one has

	trainable []string // names of the weights that training may change, in order
	fresh     bool     // the adapter is new: its update is 0 until training changes it
}

// Load reads a model folder and, where asked for, its adapter onto a backend.
func Load(ctx context.Context, folder string, options Options) (_ *Model, err error) {
	config, err := LoadConfig(folder)
	if err != nil {
		return nil, err
	}
	lora, err := options.adapter()
	if err != nil {
		return nil, err
	}
	backend, name, err := OpenBackend(options.Backend)
	if err != nil {
		return nil, err
	}
	m := &Model{Folder: folder, Config: config, Backend: backend, BackendName: name, Store: model.NewStore()}
	m.Decoder = &Decoder{Config: config, LoRA: lora, store: m.Store, checkpoint: options.CheckpointLayers}
	defer func() {
		if err != nil {
			m.Close()
		}
	}()
	if m.Devices, err = newDevices(backend, name, options.Devices); err != nil {
		return nil, err
	}
	if options.Admit != nil {
		if err := options.Admit(name, config); err != nil {
			return nil, err
		}
	}
	if m.Decoder.compute, err = computeType(options.Precision, name); err != nil {
		return nil, err
	}
	if err := m.loadWeights(ctx, folder, options.Trainable); err != nil {
		return nil, err
	}
	if err := m.loadLoRA(options.Adapter); err != nil {
		return nil, err
	}
	m.chooseTrainable(options.Trainable)
	return m, nil
}

// adapter finds the LoRA configuration that the options ask for, nil for none.
func (o Options) adapter() (*LoRAConfig, error) {
	switch {
	case o.Trainable == TrainFull && o.Adapter != "":
		return nil, errors.New("load model: full training takes no adapter: merge it into the model first")
	case o.Adapter != "":
		lora, err := readAdapterConfig(o.Adapter)
		return &lora, err
	case o.Trainable != TrainLoRA:
		return nil, nil
	}
	if err := o.LoRA.Validate(); err != nil {
		return nil, fmt.Errorf("load model: %w", err)
	}
	lora := o.LoRA.expanded()
	return &lora, nil
}

// loadLoRA creates the adapter's variables: from its folder, or fresh.
func (m *Model) loadLoRA(folder string) error {
	lora := m.Decoder.LoRA
	if lora == nil {
		return nil
	}
	if folder != "" {
		return m.readAdapterWeights(folder)
	}
	m.fresh = true
	for _, spec := range lora.loraWeights(m.Config) {
		tensor, err := newTensor(m.Backend, spec.shape, lora.initial(spec))
		if err != nil {
			return fmt.Errorf("create adapter: tensor %q: %w", spec.name, err)
		}
		if err := m.addVariable(spec.name, tensor); err != nil {
			return err
		}
	}
	return nil
}

// chooseTrainable records and marks the weights that training may change.
func (m *Model) chooseTrainable(which Trainable) {
	var specs []weightSpec
	switch which {
	case TrainLoRA:
		specs = m.Decoder.LoRA.loraWeights(m.Config)
	case TrainFull:
		specs = m.Config.weights()
	}
	for _, spec := range specs {
		m.trainable = append(m.trainable, spec.name)
		m.Store.GetVariable("/" + spec.name).SetTrainable(true)
	}
}

// Trainable lists the variables that training may change, in a fixed order.
// Their names without the leading slash are those of TrainableNames.
func (m *Model) Trainable() []*model.Variable {
	variables := make([]*model.Variable, len(m.trainable))
	for i, name := range m.trainable {
		variables[i] = m.Store.GetVariable("/" + name)
	}
	return variables
}

// TrainableNames lists the names of the weights that training may change, in
// the order of Trainable.
func (m *Model) TrainableNames() []string { return slices.Clone(m.trainable) }

// IsLoRAB says whether a trainable weight's name is that of a LoRA B matrix,
// which LoRA+ gives a higher learning rate (Hayou et al. 2024).
func IsLoRAB(name string) bool { return strings.HasSuffix(name, ".lora_B.weight") }

// Close frees the weights and the backend.
func (m *Model) Close() {
	m.Store.Finalize()
	m.Backend.Finalize()
}
