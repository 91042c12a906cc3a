// Package eval measures what a model says against what people say.
//
// Generating and scoring are apart, and meet in tables: Generate asks a model
// and keeps its answers (eval.runs, eval.samples); Score turns the answers of
// a run into a score for each cue and a metric with an interval for the run
// (eval.scores, eval.metrics), and may be repeated with other options; Compare
// sets two scored runs against each other, cue by cue. What an answer means is
// decided in reply.Parse, what a metric means in Gold.
package eval
