package lm

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"alignctl/internal/regular"
)

// The sizes that JSON files of a model folder may have: the largest published
// tokenizers take some 35 MB. A file that claims to be larger isn't read.
const (
	maxSmallJSON     = 16 << 20
	maxTokenizerJSON = 256 << 20
)

// The name under which a Hugging Face folder keeps its config.
const configFile = "config.json"

// maxDimension bounds every size read from a config, so that a product of a few
// of them can't overflow.
const maxDimension = 1 << 24

// maxLayers bounds the layers, each of which costs memory before any weight is
// read.
const maxLayers = 1 << 10

// A Config is what config.json says about a decoder-only transformer: its shape
// and the switches that tell the Llama, Qwen2 and Qwen3 families apart.
type Config struct {
	Architecture string // "LlamaForCausalLM", "Qwen2ForCausalLM" or "Qwen3ForCausalLM"

	VocabSize        int // rows of the embedding
	HiddenSize       int // width of the residual stream
	IntermediateSize int // width of the gated feed-forward layer
	Layers           int
	Heads            int // query heads
	KVHeads          int // key and value heads; divides Heads
	HeadDim          int // even
	MaxPositions     int // context length the model was trained for; 0 when the file doesn't say

	RMSNormEps     float64
	RopeTheta      float64
	RopeScaling    *RopeScaling // nil: rotary frequencies as they are
	TieEmbeddings  bool         // the vocabulary projection is the embedding
	QKVBias        bool         // q, k and v projections add a bias
	OutputBias     bool         // so does the attention's output projection
	NormalizeHeads bool         // RMSNorm on each query and key head (Qwen3)

	BOS int   // id that begins a text; -1: none
	EOS []int // ids that end one
	Pad int   // id of padding; -1: none
}

// RopeScaling is Llama 3's stretch of the rotary frequencies ("rope_type":
// "llama3"); see inverseFrequencies for its equation.
type RopeScaling struct {
	Factor                float64 `json:"factor"`
	LowFreqFactor         float64 `json:"low_freq_factor"`
	HighFreqFactor        float64 `json:"high_freq_factor"`
	OriginalMaxEmbeddings int     `json:"original_max_position_embeddings"`
}

// The architectures that the decoder computes.
const (
	archLlama = "LlamaForCausalLM"
	archQwen2 = "Qwen2ForCausalLM"
	archQwen3 = "Qwen3ForCausalLM"
)

// modelTypes pairs each architecture with its "model_type".
var modelTypes = map[string]string{archLlama: "llama", archQwen2: "qwen2", archQwen3: "qwen3"}

// configJSON is config.json as published. Pointers tell absent from zero.
type configJSON struct {
	Architectures []string `json:"architectures"`
	ModelType     string   `json:"model_type"`

	VocabSize        int  `json:"vocab_size"`
	HiddenSize       int  `json:"hidden_size"`
	IntermediateSize int  `json:"intermediate_size"`
	Layers           int  `json:"num_hidden_layers"`
	Heads            int  `json:"num_attention_heads"`
	KVHeads          *int `json:"num_key_value_heads,omitempty"`
	HeadDim          *int `json:"head_dim,omitempty"`
	MaxPositions     int  `json:"max_position_embeddings,omitempty"`

	HiddenAct     string    `json:"hidden_act,omitempty"`
	RMSNormEps    *float64  `json:"rms_norm_eps,omitempty"`
	RopeTheta     *float64  `json:"rope_theta,omitempty"`
	RopeScaling   *ropeJSON `json:"rope_scaling"`
	RopeParams    *ropeJSON `json:"rope_parameters,omitempty"` // the form since transformers 5
	TieEmbeddings bool      `json:"tie_word_embeddings"`
	AttentionBias bool      `json:"attention_bias"`

	BOS *int   `json:"bos_token_id"`
	EOS idList `json:"eos_token_id"`
	Pad *int   `json:"pad_token_id"`

	DType string `json:"torch_dtype,omitempty"`
}

// ropeJSON is the object under "rope_scaling" or "rope_parameters".
type ropeJSON struct {
	Type    string   `json:"rope_type,omitempty"`
	OldType string   `json:"type,omitempty"` // before transformers 4.43
	Theta   *float64 `json:"rope_theta,omitempty"`
	Partial *float64 `json:"partial_rotary_factor,omitempty"`
	RopeScaling

	FullAttention json.RawMessage `json:"full_attention,omitempty"` // there when kinds of layers differ
}

// plain says that the object asks for no scaling.
func (r *ropeJSON) plain() bool { return r.RopeScaling == RopeScaling{} }

// idList reads a token id, a list of them, or null.
type idList []int

// UnmarshalJSON accepts 2, [2, 3] and null.
func (l *idList) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	var one int
	if json.Unmarshal(text, &one) == nil {
		*l = idList{one}
		return nil
	}
	return json.Unmarshal(text, (*[]int)(l))
}

// LoadConfig reads the config.json of a model folder. It refuses an
// architecture that the decoder doesn't compute, and any key whose value would
// change the computation in a way that it doesn't implement.
func LoadConfig(folder string) (Config, error) {
	path := filepath.Join(folder, configFile)
	text, err := regular.Read(path, maxSmallJSON)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("open model %q: no %s there: name a Hugging Face model folder", folder, configFile)
	}
	if err != nil {
		return Config{}, fmt.Errorf("open model %q: %w", folder, err)
	}
	config, err := parseConfig(text)
	if err != nil {
		return Config{}, fmt.Errorf("read %q: %w", path, err)
	}
	return config, nil
}

// parseConfig turns config.json's text into a checked Config.
func parseConfig(text []byte) (Config, error) {
	var raw configJSON
	if err := json.Unmarshal(text, &raw); err != nil {
		return Config{}, err
	}
	arch, err := raw.architecture()
	if err != nil {
		return Config{}, err
	}
	if err := refuseForeign(text, raw.Layers); err != nil {
		return Config{}, err
	}
	config := raw.shape(arch)
	if err := raw.rope(&config); err != nil {
		return Config{}, err
	}
	return config, config.validate()
}

// architecture finds the family by "architectures", else by "model_type".
func (raw *configJSON) architecture() (string, error) {
	names := raw.Architectures
	if len(names) == 0 {
		for arch, kind := range modelTypes {
			if kind == raw.ModelType {
				return arch, nil
			}
		}
		names = []string{raw.ModelType}
	}
	if _, ok := modelTypes[names[0]]; ok && len(names) == 1 {
		return names[0], nil
	}
	return "", fmt.Errorf("architecture %q is not supported: %s, %s and %s are",
		strings.Join(names, ", "), archLlama, archQwen2, archQwen3)
}

// shape copies the sizes and switches, with the defaults of the families' own
// configuration classes in transformers.
func (raw *configJSON) shape(arch string) Config {
	c := Config{
		Architecture: arch,
		VocabSize:    raw.VocabSize, HiddenSize: raw.HiddenSize, IntermediateSize: raw.IntermediateSize,
		Layers: raw.Layers, Heads: raw.Heads, KVHeads: or(raw.KVHeads, raw.Heads),
		MaxPositions:   raw.MaxPositions,
		RMSNormEps:     or(raw.RMSNormEps, 1e-6),
		TieEmbeddings:  raw.TieEmbeddings,
		QKVBias:        raw.AttentionBias || arch == archQwen2,
		OutputBias:     raw.AttentionBias && arch != archQwen2,
		NormalizeHeads: arch == archQwen3,
		BOS:            or(raw.BOS, -1), EOS: raw.EOS, Pad: or(raw.Pad, -1),
	}
	switch {
	case raw.HeadDim != nil:
		c.HeadDim = *raw.HeadDim
	case arch == archQwen3:
		c.HeadDim = 128 // that family's default doesn't follow from its width
	case raw.Heads > 0:
		c.HeadDim = raw.HiddenSize / raw.Heads
	}
	return c
}

// rope reads the rotary embedding from either form of the file.
func (raw *configJSON) rope(c *Config) error {
	c.RopeTheta = or(raw.RopeTheta, 10000)
	key, scaling := "rope_scaling", raw.RopeScaling
	if raw.RopeParams != nil {
		key, scaling = "rope_parameters", raw.RopeParams
		c.RopeTheta = or(scaling.Theta, c.RopeTheta)
	}
	if scaling == nil {
		return nil
	}
	if scaling.FullAttention != nil {
		return fmt.Errorf("key %q: rotary frequencies that differ by kind of layer are not supported", key)
	}
	if scaling.Partial != nil && *scaling.Partial != 1 {
		return fmt.Errorf("key %q: partial_rotary_factor %g is not supported, only 1", key, *scaling.Partial)
	}
	if scaling.Type != "" && scaling.OldType != "" && scaling.Type != scaling.OldType {
		return fmt.Errorf("key %q: rope_type %q and type %q contradict each other", key, scaling.Type, scaling.OldType)
	}
	switch kind := cmp.Or(scaling.Type, scaling.OldType); {
	case kind == "default", kind == "" && scaling.plain():
		return nil
	case kind == "llama3":
		c.RopeScaling = &scaling.RopeScaling
		return nil
	default:
		return fmt.Errorf(`key %q: rope_type %q is not supported, only "llama3" and "default"`, key, kind)
	}
}

// validate refuses sizes that describe no model.
func (c Config) validate() error {
	sizes := []struct {
		key        string
		value, max int
	}{
		{"vocab_size", c.VocabSize, maxDimension}, {"hidden_size", c.HiddenSize, maxDimension},
		{"intermediate_size", c.IntermediateSize, maxDimension}, {"num_hidden_layers", c.Layers, maxLayers},
		{"num_attention_heads", c.Heads, maxDimension}, {"num_key_value_heads", c.KVHeads, maxDimension},
		{"head_dim", c.HeadDim, maxDimension},
	}
	for _, size := range sizes {
		if size.value < 1 || size.value > size.max {
			return fmt.Errorf("key %q: %d is not in 1 to %d", size.key, size.value, size.max)
		}
	}
	switch {
	case c.Heads%c.KVHeads != 0:
		return fmt.Errorf("num_attention_heads %d is not a multiple of num_key_value_heads %d", c.Heads, c.KVHeads)
	case c.HeadDim%2 != 0:
		return fmt.Errorf("head_dim %d is odd: rotary embeddings turn pairs", c.HeadDim)
	case !(c.RMSNormEps > 0 && c.RMSNormEps < 1):
		return fmt.Errorf("rms_norm_eps %g is not between 0 and 1", c.RMSNormEps)
	case !(c.RopeTheta > 1):
		return fmt.Errorf("rope_theta %g is not above 1", c.RopeTheta)
	}
	return c.RopeScaling.validate()
}

// Parameters is the number of values of all weights.
func (c Config) Parameters() int {
	total := 0
	for _, spec := range c.weights() {
		total += spec.elements()
	}
	return total
}

func (s *RopeScaling) validate() error {
	if s == nil {
		return nil
	}
	if s.Factor < 1 || s.LowFreqFactor <= 0 || s.HighFreqFactor <= s.LowFreqFactor || s.OriginalMaxEmbeddings < 1 {
		return fmt.Errorf(`rope_type "llama3" needs factor >= 1, 0 < low_freq_factor < high_freq_factor and `+
			`original_max_position_embeddings >= 1; got %g, %g, %g, %d`,
			s.Factor, s.LowFreqFactor, s.HighFreqFactor, s.OriginalMaxEmbeddings)
	}
	return nil
}

// encode writes the config in the published form, as read by transformers.
func (c Config) encode() ([]byte, error) {
	raw := configJSON{
		Architectures: []string{c.Architecture}, ModelType: modelTypes[c.Architecture],
		VocabSize: c.VocabSize, HiddenSize: c.HiddenSize, IntermediateSize: c.IntermediateSize,
		Layers: c.Layers, Heads: c.Heads, KVHeads: &c.KVHeads, HeadDim: &c.HeadDim,
		MaxPositions: c.MaxPositions, HiddenAct: "silu", RMSNormEps: &c.RMSNormEps, RopeTheta: &c.RopeTheta,
		TieEmbeddings: c.TieEmbeddings, AttentionBias: c.OutputBias,
		BOS: known(c.BOS), EOS: c.EOS, Pad: known(c.Pad), DType: "float32",
	}
	if c.RopeScaling != nil {
		raw.RopeScaling = &ropeJSON{Type: "llama3", RopeScaling: *c.RopeScaling}
	}
	text, err := json.MarshalIndent(raw, "", "  ")
	return append(text, '\n'), err
}

// or is *p, or fallback when the key was absent.
func or[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}

// known is nil for an id that a model doesn't have.
func known(id int) *int {
	if id < 0 {
		return nil
	}
	return &id
}
