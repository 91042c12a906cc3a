// Package prove shows how a version of a table came about, and proves it: it
// runs the chain again, from the raw files or from what the lake pinned, in a
// scratch lake, and compares each link with its digest of then.
//
// It knows the packages that make tables (etl/..., sql), which don't know each
// other; nothing but cmd knows it. What made a run is found in the run's
// configuration, and a Replayer runs it again; training and evaluation have
// none, so their tables are stated as recorded.
package prove
