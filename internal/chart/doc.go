// Package chart draws figures as SVG from plain values, and knows nothing of
// what they mean.
//
// A figure is a struct with words and numbers. [SVG] draws it for one width,
// [HTML] for a wide and a narrow screen, of which the rules of [CSS] show one.
// Text stays text, at its own size; colours are CSS variables, so that light,
// dark and print differ in the rules alone; what a colour tells, a shape, a dash
// or a number tells too. There is no script.
//
// A number that isn't finite is a missing one: it leaves a gap. A figure
// without numbers says so. Of more than can be seen some are drawn, and the
// figure says how many. Any words are fine: they are escaped, and cut where they
// are long.
package chart
