// Package pipeline brings the sources that alignctl.yaml names into the lake:
// all of them, or what has changed. It is the only room of etl that knows every
// source.
//
// A source is up to date when the run that loaded it last was given the same
// recipe by the same alignctl. A recipe (recipe.go) is the source's settings,
// the digests of its files, and a digest of the transforms; the run has it in
// its configuration, so that the lake itself says what it was made from. No
// time stamp is looked at.
package pipeline
