//go:build !nospark

package main

import (
	"context"

	"alignctl/etl"
	"alignctl/etl/spark"
	"alignctl/lake"
)

// findSpark asks a Spark server whether it can run transforms on a lake, and
// tells people where it reads the lake's bucket from copies.
func findSpark(ctx context.Context, t *terminal, remote string, l *lake.Lake) (etl.Opener, error) {
	server, err := spark.Find(ctx, remote, l.Location().Warehouse)
	if err != nil {
		return nil, err
	}
	if server.Copies {
		t.remark("Spark at %s has no library to read buckets (org.apache.hadoop:hadoop-aws): it reads this machine's copies", remote)
	}
	return server, nil
}
