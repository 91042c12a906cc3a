// Package norms brings lexical norms into the lake: what raters said of words,
// such as how pleasant (valence) or how concrete each one is.
//
// A set of norms is data: a YAML file says which columns of the raw file hold
// the word and the ratings, where the scale ends and which way it runs (set.go,
// sets/*.yaml, or a file of the user's). From it come the layouts that the frame
// checks (layouts.go). raw.norm keeps every rating in the file's own scale;
// core.norm has one value a word, dimension and source on the scale that all
// sources share (scale.go, sql/norm.sql).
//
// A spelling counts: core.norm has Coke and coke where a file has both. What
// joins them is the column folded, computed when the file is loaded, so that a
// lookup is a plain join on every engine.
package norms
