// Package eval measures what a model says against what people say.
//
// Generating and scoring are apart, and meet in tables: Generate asks a Model
// (a folder, or a server by package endpoint), Import takes a file's answers, and
// both keep them (eval.runs, eval.samples); Score turns the answers of
// a run into values of its items and figures with intervals (eval.scores,
// eval.metrics) under a scoring (eval.scorings), and may be repeated with other
// options, whose rows stand beside the earlier ones; Compare sets two scorings
// against each other, item by item. What an answer means is decided in
// package reply, what a metric means in Gold. DESIGN.md shows the rooms.
package eval
