package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// swowfile is the script command `swowfile NAME ROWS`: it makes an English file
// of word associations that takes its time to load.
func swowfile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: swowfile NAME ROWS")
	}
	rows, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b bytes.Buffer
	b.WriteString(`"","id","participantID","age","gender","nativeLanguage","country","education","created_at",` +
		`"cue","R1","R2","R3"` + "\n")
	for i := range rows {
		fmt.Fprintf(&b, `"%d",%d,%d,25,"Fe","UK","UK",4,2013-05-05 12:01:00,"cue%d","a%d","b%d","c%d"`+"\n",
			i+1, 1000+i, 1000+i/8, i%500, i%97, i%89, i%83)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
}
