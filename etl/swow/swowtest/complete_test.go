package swowtest

import (
	"bytes"
	"encoding/csv"
	"testing"
)

func TestCompleteIsTheSameFileEachTime(t *testing.T) {
	size := Size{Cues: 40, PerCue: 30}
	var first, second, other bytes.Buffer
	for seed, b := range map[*bytes.Buffer]uint64{&first: 1, &second: 1, &other: 2} {
		if err := WriteComplete(seed, size, b); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) || bytes.Equal(first.Bytes(), other.Bytes()) {
		t.Error("the seed doesn't decide the bytes")
	}
	rows, err := csv.NewReader(&first).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(rows), 1+40*30; got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}
