// Package wvs brings files of the World Values Survey's wave 7 into the lake:
// each record of a raw file is a respondent, each question a column of codes.
//
// The raw format is a contract (layouts.go). What the wave fixes about its
// questions, words aside, is data of ours (questions.yaml): valid codes come
// from each question's own list, because 0 is an answer to some and a mistake in
// others. The words come from the user's codebook (codebook.go). The tables
// (tables.go) keep what was answered in long form, and count it per country.
//
// Sources: Haerpfer et al. (2022), World Values Survey: Round Seven, and the
// data sets' documentation.
package wvs

// Licence is the licence of the survey's data files: use is free, passing them
// on is not allowed.
const Licence = "WVS, no redistribution"
