// Package handover writes a training as a folder that another trainer takes: the
// rows of the pinned data set in its layout, its own configuration with the same
// settings, a script that runs it, and job.json, by which what comes of it finds
// back to the data set (see [train.ImportModel]).
//
// A trainer is a file here: it says of each setting of alignctl what stands for
// it there. None is left out: what has no counterpart is listed as missing, in
// the folder's README.md and to whoever hands over, and what would make another
// loss or another adapter is refused.
package handover
