package suite

import (
	"embed"
	"path"
	"strings"
)

//go:embed presets/*.yaml
var presets embed.FS

// Presets are the names of alignctl's own files of suites.
func Presets() []string {
	files, err := presets.ReadDir("presets")
	if err != nil {
		panic(err) // they are part of the program
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Name(), path.Ext(f.Name()))
	}
	return names
}

// Preset is the text of one.
func Preset(name string) (text []byte, known bool) {
	text, err := presets.ReadFile("presets/" + name + ".yaml")
	return text, err == nil
}
