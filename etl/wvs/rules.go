package wvs

import (
	"embed"

	"alignctl/etl"
)

//go:embed questions.yaml sql/*.sql
var rules embed.FS

// Rules is a digest of the built-in files that decide what becomes of raw ones:
// questions and transforms.
func Rules() (string, error) { return etl.DigestRules(rules) }
