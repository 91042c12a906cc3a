//go:build nospark

package main

import (
	"context"
	"errors"

	"alignctl/etl"
)

// findSpark says why this binary knows no Spark.
func findSpark(context.Context, string) (etl.Opener, error) {
	return nil, errors.New("this binary was built without Spark: build without the tag nospark")
}
