// Package lm is a language model as its folder describes it: a Hugging Face
// folder in, numbers and text out.
//
// The folder's files are contracts that other programs share, so each has a
// reader here that validates before it trusts:
//
//   - config.json: the family and its shape (Config)
//   - model.safetensors, or shards behind model.safetensors.index.json: the
//     weights (Safetensors, ModelTensors)
//   - tokenizer.json and tokenizer_config.json: text to ids and back
//     (Tokenizer), and the chat template (Template)
//   - adapter_config.json and adapter_model.safetensors: a LoRA adapter in
//     PEFT's layout
//
// The package also runs what it has read: one decoder whose switches come from
// config.json, generation with a key-value cache, LoRA on chosen projections.
// Besides package train it is the only importer of GoMLX.
package lm
