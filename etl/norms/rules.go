package norms

import "alignctl/etl"

// Rules is a digest of the built-in files that decide what becomes of raw ones:
// sets and transforms.
func Rules() (string, error) { return etl.DigestRules(setFiles, transforms) }
