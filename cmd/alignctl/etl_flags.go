package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/etl"
)

// rawOptions are what the commands that load raw files share.
type rawOptions struct {
	reject, memory string
}

// flags declares them.
func (o *rawOptions) flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "reject", Usage: "set bad records aside in `FILE`, a CSV file with the reason of each, instead " +
			"of refusing the raw file; the exit code is then 3", Destination: &o.reject},
		&cli.StringFlag{Name: "memory", Usage: "`SIZE` of DuckDB's share, such as 2GiB; what doesn't fit spills to disk " +
			"(default: by the number of cores)", Destination: &o.memory},
	}
}

// encodingFlag declares --encoding.
func encodingFlag(encoding *string) cli.Flag {
	return oneOf(&cli.StringFlag{Name: "encoding", Usage: "`ENCODING` of the files: " + strings.Join(etl.Encodings(), ", ") +
		" (default: what their layout says)", Destination: encoding}, etl.Encodings()...)
}

// withRejects gives the work a file for bad records, nil where --reject names
// none. The file stands under its name when the work is done, if only in part.
// Bad records make the work a partial one.
func (t *terminal) withRejects(ctx context.Context, path string, work func(context.Context, *etl.Rejects) error) error {
	if path == "" {
		err := work(ctx, nil)
		t.hintReject(err)
		return err
	}
	rejects, err := etl.CreateRejects(path)
	if err != nil {
		return err
	}
	return t.settle(path, rejects, work(ctx, rejects))
}

// settle ends a file of bad records as the work that wrote it ended.
func (t *terminal) settle(path string, rejects *etl.Rejects, err error) error {
	if err != nil && !errors.Is(err, errPartial) {
		return errors.Join(err, rejects.Discard())
	}
	if closeErr := rejects.Close(); closeErr != nil {
		return errors.Join(err, closeErr)
	}
	if n := rejects.Count(); n > 0 {
		t.remark("%s: %d bad records", path, n)
		if err == nil {
			err = fmt.Errorf("%w: %d bad records were set aside in %s", errPartial, n, path)
		}
	}
	return err
}

// hintReject tells, where a record refused its file, how to do without it.
func (t *terminal) hintReject(err error) {
	var bad *etl.ParseError
	if errors.As(err, &bad) && bad.Line > 1 {
		t.remark("--reject FILE would set bad records aside and load the others")
	}
}
