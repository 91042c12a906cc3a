//go:build !nospark

package main

import (
	"context"

	"alignctl/etl"
	"alignctl/etl/spark"
)

// findSpark asks a Spark server whether it can run transforms.
func findSpark(ctx context.Context, remote string) (etl.Opener, error) {
	server, err := spark.Find(ctx, remote)
	if err != nil {
		return nil, err
	}
	return server, nil
}
