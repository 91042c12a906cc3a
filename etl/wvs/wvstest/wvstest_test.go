package wvstest

import (
	"bytes"
	"strings"
	"testing"
)

// TestWriteKeepsItsOptions looks at what tests and measurements build on.
func TestWriteKeepsItsOptions(t *testing.T) {
	o := CrossNational
	o.Respondents = 200
	var a, b bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := Write(w, o, 3); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same options and seed gave other bytes")
	}
	lines := strings.Split(strings.TrimSuffix(a.String(), "\n"), "\n")
	if len(lines) != 201 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, line := range lines {
		if n := strings.Count(line, ","); n != o.Columns-1 {
			t.Errorf("line %d has %d delimiters", i+1, n)
		}
	}
}

// TestDialects shows a country's file as release 5.1 has it.
func TestDialects(t *testing.T) {
	var text bytes.Buffer
	err := Write(&text, Options{Dialect: V5, Respondents: 1, Countries: []string{"XAA"}, Columns: 14, Averages: 1, Own: []string{"CN_1"}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(text.String(), "\n")
	if !strings.HasSuffix(lines[0], `"Q1";"CN_1"`) || !strings.HasSuffix(lines[1], ".0;") ||
		!strings.Contains(lines[1], "9.00070001E8") || !strings.Contains(lines[2], ";Avg;") {
		t.Errorf("\n%s", text.String())
	}
}
