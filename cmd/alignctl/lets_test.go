package main

import (
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// lets is the script command `lets NAME FILE PATTERN`: it gives the variable
// NAME what the pattern's group matches in a file, such as stdout: ids differ
// from run to run.
func lets(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: lets NAME FILE PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[2])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile(args[1]))
	if len(found) != 2 {
		ts.Fatalf("%s doesn't match %q with one group", args[1], args[2])
	}
	ts.Setenv(args[0], found[1])
}
