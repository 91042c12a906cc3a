//go:build linux

// Command scale measures what a load costs as its file grows: invented SWOW-EN
// files of 1, 5 and 25 million records, which nobody has cleaned, each loaded
// into a fresh lake by a process of its own. It prints how long every step took
// and its peak memory, what the disk held, the data sets built from it, and how
// each grows: the exponent of a fit to size^exponent. As a file grows it shows
// more cues, each to as many people, so that every table grows with it.
//
//	go run ./bench/scale [-sizes 1000000,5000000,25000000] [-dir FOLDER]
//
// Files and figures stay in the folder: a run that was stopped goes on, and what
// has been measured by the same programs and flags isn't measured again.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

type options struct {
	sizes    string // records, joined by commas
	dir      string
	memory   string
	sets     string // names of data sets, joined by commas
	setsUpTo int    // records
	generate bool
	again    bool
	alignctl string
}

func main() {
	var o options
	f := flag.NewFlagSet("scale", flag.ExitOnError) // a library has flags of its own in the common one
	f.StringVar(&o.sizes, "sizes", "1000000,5000000,25000000", "records of the files")
	f.StringVar(&o.dir, "dir", filepath.Join(os.TempDir(), "alignctl-scale"), "folder of files and figures, which stay")
	f.StringVar(&o.memory, "memory", "", "bound of DuckDB's memory in a load (default: alignctl's own)")
	f.StringVar(&o.sets, "sets", "core.split,sft_ranked,sft_triples,rank_questions,pairs,pairs_word", "data sets to build")
	f.IntVar(&o.setsUpTo, "sets-up-to", 5_000_000, "build data sets of files of at most so many records")
	f.BoolVar(&o.generate, "generate", false, "make the files and measure nothing")
	f.BoolVar(&o.again, "again", false, "measure again what has been measured")
	f.StringVar(&o.alignctl, "alignctl", "bin/alignctl", "the program that builds data sets")
	_ = f.Parse(os.Args[1:]) // which exits by itself
	if err := run(context.Background(), os.Stdout, o, f.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// run does what the options say; as the process of one load it is called with
// the word load.
func run(ctx context.Context, out io.Writer, o options, args []string) error {
	if len(args) > 0 && args[0] == loadWord {
		return loadHere(ctx, out, args[1:])
	}
	sizes, err := numbers(o.sizes)
	if err != nil {
		return err
	}
	if o.alignctl, err = filepath.Abs(o.alignctl); err != nil {
		return err
	}
	means, err := o.digest()
	if err != nil {
		return err
	}
	var costs []*cost
	for _, records := range sizes {
		t := trial{options: o, means: means, records: records, dir: filepath.Join(o.dir, strconv.Itoa(records))}
		c, err := t.cost(ctx)
		if err != nil {
			return fmt.Errorf("measure %d records: %w", records, err)
		}
		if !o.generate {
			costs = append(costs, c)
		}
	}
	if o.generate {
		return nil
	}
	return report(out, costs)
}

// digest is that of what is measured: this program, alignctl, and how they are
// called.
func (o *options) digest() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, o.memory, o.sets, o.setsUpTo)
	for _, path := range []string{self, o.alignctl} {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(sum, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func numbers(list string) ([]int, error) {
	var out []int
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < perCue {
			return nil, errors.Join(fmt.Errorf("read sizes %q: give numbers of records, at least %d, joined by commas", list, perCue), err)
		}
		out = append(out, n)
	}
	return out, nil
}
