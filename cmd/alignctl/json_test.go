package main

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
)

// What a JSON reader would change is written as a string, at any depth.
func TestJSONKeepsValues(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{int64(1 << 53), "9007199254740992"},
		{int64(1<<53 + 1), `"9007199254740993"`},
		{uint64(math.MaxUint64), `"18446744073709551615"`},
		{math.Inf(1), "null"},
		{float32(math.NaN()), "null"},
		{json.Number("1.50"), "1.50"},
		{json.Number("-0.000000000000000000012"), "-0.000000000000000000012"},
		{json.Number("12345678901234567890"), `"12345678901234567890"`},
		{json.RawMessage(`{"n":NaN,"m":[-Infinity,1.5,-7,1e300],"NaN":"NaN \"Infinity 12345678901234567890"}`),
			`{"n":null,"m":[null,1.5,-7,1e300],"NaN":"NaN \"Infinity 12345678901234567890"}`},
		{json.RawMessage(`[9007199254740993,0.1234567890123456789,-9007199254740993]`),
			`["9007199254740993",0.1234567890123456789,"-9007199254740993"]`},
	} {
		var b bytes.Buffer
		w := newRowWriter("jsonl", &b, []string{"v"})
		if err := w.row([]any{c.value}); err != nil {
			t.Errorf("%v: %v", c.value, err)
		}
		if got := b.String(); got != `{"v":`+c.want+"}\n" {
			t.Errorf("%v: %s, want %s", c.value, got, c.want)
		}
	}
}
