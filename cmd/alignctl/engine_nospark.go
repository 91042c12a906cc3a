//go:build nospark

package main

import (
	"context"
	"errors"

	"alignctl/etl"
	"alignctl/lake"
)

// findSpark says why this binary knows no Spark.
func findSpark(context.Context, *terminal, string, *lake.Lake) (etl.Opener, error) {
	return nil, errors.New("this binary was built without Spark: build without the tag nospark")
}
