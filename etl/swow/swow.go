// Package swow brings Small World of Words files into the lake: each record
// of a raw file is a participant's up to three responses to a cue word.
//
// The raw format is a contract (layouts.go), a language is data
// (languages/*.yaml), the official cleaning is SQL (sql/*.sql) in the subset
// that DuckDB and Spark run alike, and what comes out are tables (tables.go):
// raw.swow keeps every record as the file has it, and core.association,
// core.strength and the others are always what the raw rows of a language give.
//
// Sources: De Deyne, Navarro, Perfors, Brysbaert and Storms (2019), "The
// Small World of Words English word association norms for over 12,000 cue
// words", Behavior Research Methods 51, and the data sets' documentation.
package swow

// Licence is the licence of the published Small World of Words files.
const Licence = "CC BY-NC-ND 3.0"
