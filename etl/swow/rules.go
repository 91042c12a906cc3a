package swow

import "alignctl/etl"

// Rules is a digest of the built-in files that decide what becomes of raw ones:
// transforms and languages.
func Rules() (string, error) { return etl.DigestRules(transforms, languageFiles) }
