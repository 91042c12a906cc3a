// Package substrait stands in for the module of this name, which holds Substrait's
// catalogue of functions. iceberg-go reads that catalogue whenever a program
// starts (80 ms, 30 MB) to filter rows as it scans a table. alignctl scans by
// DuckDB and asks iceberg-go for metadata alone, so here the catalogue is empty,
// and `alignctl --help` answers at once. A filter by iceberg-go would fail with an
// error that names the function; take the replace out of go.mod then.
package substrait

import "embed"

//go:embed extensions/none.yaml
var extensions embed.FS

// GetSubstraitExtensionsFS is the empty catalogue, as substrait-go asks for it.
func GetSubstraitExtensionsFS() embed.FS { return extensions }
