package etl_test

import (
	"testing"
	"testing/fstest"

	"alignctl/etl"
)

// The digest of rules follows each byte and each name, and where they part.
func TestDigestRules(t *testing.T) {
	seen := map[string]string{}
	for name, files := range map[string]fstest.MapFS{
		"one file":       {"a": {Data: []byte("xy")}},
		"other content":  {"a": {Data: []byte("xz")}},
		"other name":     {"b": {Data: []byte("xy")}},
		"two files":      {"a": {Data: []byte("x")}, "b": {Data: []byte("y")}},
		"moved boundary": {"a": {Data: []byte("")}, "b": {Data: []byte("xy")}},
		"in a folder":    {"a/b": {Data: []byte("xy")}},
	} {
		digest, err := etl.DigestRules(files)
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := seen[digest]; twice {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		seen[digest] = name
	}
}
