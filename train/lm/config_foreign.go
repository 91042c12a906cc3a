package lm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// neutralKeys are keys of a config.json that change the computation in ways not
// done here, with the values besides null under which they don't.
var neutralKeys = map[string][]string{
	"hidden_act": {`"silu"`}, "mlp_bias": {"false"}, "attention_dropout": {"0", "0.0"},
	"hidden_dropout": {"0", "0.0"}, "resid_pdrop": {"0", "0.0"}, "embd_pdrop": {"0", "0.0"},
	"partial_rotary_factor": {"1", "1.0"}, "rotary_pct": {"1", "1.0"}, "rope_interleaved": {"false"},
	"pretraining_tp": {"0", "1"}, "use_qk_norm": {"false"}, "qk_layernorm": {"false"}, "quantization_config": nil,
	"no_rope_layers": {"[]"}, "clip_qkv": nil, "is_encoder_decoder": {"false"}, "add_cross_attention": {"false"},
	"embedding_multiplier": {"1", "1.0"}, "residual_multiplier": {"1", "1.0"}, "attention_multiplier": nil,
	"logits_scaling": {"1", "1.0"}, "logit_scale": {"1", "1.0"},
}

// harmlessKeys hold a word of changingWords and change nothing: the decoder
// reads them, or uses them no more than the families themselves do.
var harmlessKeys = []string{
	"attention_bias", "rms_norm_eps", "rope_scaling", "rope_theta", "rope_parameters", "sliding_window",
	"use_sliding_window", "max_window_layers", "layer_norm_eps",
}

// changingWords are parts of names by which configs ask for another
// computation. A key that isn't known here and holds one is refused, unless it
// is off: being wrong in silence is worse than being refused.
var changingWords = []string{
	"bias", "norm", "rope", "rotary", "window", "softcap", "scaling", "multiplier", "expert", "moe", "router",
	"chunk_attention", "dual_chunk", "sparse", "alibi", "parallel", "scale_attn", "query_pre_attn",
}

// refuseForeign names the first key, in order, that asks for a computation that
// the decoder doesn't do, with its value.
func refuseForeign(text []byte, layers int) error {
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &keys); err != nil {
		return err
	}
	for _, key := range sortedKeys(keys) {
		value := compact(keys[key])
		neutral, known := neutralKeys[key]
		switch {
		case value == "null" || slices.Contains(neutral, value):
		case known:
			return fmt.Errorf("key %q: %s is not supported, only %s", key, shorten(value),
				strings.Join(append(slices.Clone(neutral), "null"), " or "))
		case changesMaths(key) && !off(value):
			return fmt.Errorf("key %q: %s is not known here and may change what the model computes", key, shorten(value))
		}
	}
	return refuseWindows(text, layers)
}

// changesMaths says that a key's name suggests so.
func changesMaths(key string) bool {
	return !slices.Contains(harmlessKeys, key) &&
		slices.ContainsFunc(changingWords, func(word string) bool { return strings.Contains(key, word) })
}

// off says that a value switches nothing on.
func off(value string) bool {
	return slices.Contains([]string{"false", "0", "0.0", "[]", "{}", `""`}, value)
}

// refuseWindows refuses attention that doesn't see the whole text. Qwen's
// configs give a window size that isn't in use, and a number of layers below it
// that have none.
func refuseWindows(text []byte, layers int) error {
	var raw struct {
		Use       bool     `json:"use_sliding_window"`
		Window    *int     `json:"sliding_window"`
		MaxLayers *int     `json:"max_window_layers"`
		Types     []string `json:"layer_types"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	for i, kind := range raw.Types {
		if kind != "full_attention" {
			return fmt.Errorf(`key "layer_types": %q of layer %d is not supported, only "full_attention"`, kind, i)
		}
	}
	if raw.Use && raw.Window != nil && raw.Types == nil && or(raw.MaxLayers, 28) < layers { // 28: the families' default
		return fmt.Errorf(`key "sliding_window": %d is not supported where use_sliding_window is true, only null`, *raw.Window)
	}
	return nil
}

// shorten keeps a message to one readable line.
func shorten(value string) string {
	if len(value) > 60 {
		return value[:57] + "..."
	}
	return value
}
