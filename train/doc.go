// Package train turns a data set table of the lake into a trained adapter or
// model, and writes down in the lake what it did: the run, every metric of
// every step, and the model with the exact data that made it.
//
// Each method (supervised fine-tuning here) brings its loss; the loop, the
// optimizer and the bookkeeping are the same for all. DESIGN.md tells how.
package train
