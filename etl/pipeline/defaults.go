package pipeline

import (
	"strings"

	"alignctl/etl"
)

// defaults say what an unset setting of a source means.
var defaults = map[string]string{
	"encoding":     "as the files' layout says",
	"licence":      "that of the published files",
	"steps":        "auto",
	"self_answers": "as the pack says",
}

// Default says what a setting that the file doesn't give means, by its key; it
// is not known where unset means none.
func (c *Config) Default(key string) (value string, known bool) {
	if key == Section+".memory" {
		return etl.DefaultMemory(), true
	}
	value, known = defaults[key[strings.LastIndex(key, ".")+1:]]
	return value, known
}
