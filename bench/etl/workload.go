//go:build linux

package main

import (
	"io"

	"alignctl/bench/measure"
	"alignctl/etl/swow/swowtest"
	"alignctl/etl/wvs/wvstest"
)

// A workload is a kind of file that all programs load.
type workload struct {
	title    string
	sizes    []int // records of the files that are measured
	file     string
	generate func(dir string, records int) error
	alignctl []string // arguments of alignctl etl, the file last; paths are relative to the folder
	peer     string   // what the peers' scripts are called by, before the peer's own name
	inputs   []string // what they are given, before the folder of their tables
}

var workloads = map[string]workload{
	"swow": {
		title: "SWOW-EN complete, the official cleaning", sizes: []int{1_300_000, 5_000_000},
		file: "complete.csv", generate: generateSWOW,
		alignctl: []string{"swow", "--lang", "en", "--lexicon", "words.txt", "--cue-corrections", "cues.tsv",
			"--variants", "variants.txt"},
		peer: "swow", inputs: []string{"complete.csv", "words.txt", "cues.tsv", "variants.txt"},
	},
	"wvs": {
		title: "WVS cross-national, answers and distributions", sizes: []int{97_000},
		file: "wvs.csv", generate: generateWVS, alignctl: []string{"wvs"},
		peer: "wvs", inputs: []string{"wvs.csv"},
	},
}

func generateSWOW(dir string, records int) error {
	const perCue = 108
	size := swowtest.Size{Cues: max(1, records/perCue), PerCue: perCue}
	if records > swowtest.Complete.Cues*perCue { // a larger study shows the same cues to more people
		size = swowtest.Size{Cues: swowtest.Complete.Cues, PerCue: records / swowtest.Complete.Cues}
	}
	return swowtest.WriteStudy(dir, size, 1)
}

func generateWVS(dir string, records int) error {
	o := wvstest.CrossNational
	o.Respondents = records
	return measure.Create(dir, "wvs.csv", func(w io.Writer) error { return wvstest.Write(w, o, 1) })
}
