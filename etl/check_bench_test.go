package etl

import (
	"bytes"
	"context"
	"fmt"
	"testing"
)

func BenchmarkCheck(b *testing.B) {
	var file bytes.Buffer
	file.WriteString(`"","id","participantID","age","created_at","cue","R1","R2","R3"` + "\n")
	for i := range 200_000 {
		fmt.Fprintf(&file, `"%d",%d,%d,36,2013-03-18 22:47:52,"cue %d","response","another one",NA`+"\n", i, i, i/14, i%9000)
	}
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		if _, err := check(context.Background(), &Checked{Path: "bench.csv", Encoding: utf8Name}, bytes.NewReader(file.Bytes()), testLayouts, CheckOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
