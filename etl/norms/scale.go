package norms

// A Scale is the ends of a scale of ratings, in the numbers of its file.
type Scale struct {
	Low  float64 `yaml:"low" json:"low"`
	High float64 `yaml:"high" json:"high"`
	// Reversed says that Low stands for the most: 1 is concrete and 5 abstract.
	Reversed bool `yaml:"reversed" json:"reversed,omitempty"`
}

// common are the scales that the sources of a dimension share in core.norm. A
// dimension that isn't here keeps its own ends.
func common() map[string]Scale {
	return map[string]Scale{
		"valence":      {Low: 1, High: 9},
		"arousal":      {Low: 1, High: 9},
		"dominance":    {Low: 1, High: 9},
		"concreteness": {Low: 1, High: 5},
	}
}

// target is the scale of a dimension in core.norm.
func target(dimension string, own Scale) Scale {
	if shared, ok := common()[dimension]; ok {
		return shared
	}
	return Scale{Low: own.Low, High: own.High}
}
