package sparktest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"alignctl/etl"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// Compare runs a query on an engine and in a session of DuckDB's that has tables
// of the same names: the same rows must come out, and at least so many.
func Compare(t testing.TB, here *lake.Session, there etl.Engine, name, query string, atLeast int64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".parquet")
	if err := keep(path, there.Rows(t.Context(), query)); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	theirs := "select * from read_parquet(" + duck.Literal(path) + ")"
	var differ, rows int64
	both := fmt.Sprintf(`select (select count(*) from ((%[1]s) except all (%[2]s))) +
		(select count(*) from ((%[2]s) except all (%[1]s))), (select count(*) from (%[2]s))`, query+"\n", theirs)
	if err := etl.Scan(t.Context(), here, both, &differ, &rows); err != nil || differ != 0 {
		t.Errorf("%s: %d rows differ: %v", name, differ, err)
	}
	if rows < atLeast {
		t.Errorf("%s: only %d rows, want %d", name, rows, atLeast)
	}
}

// keep writes rows to a Parquet file; none make no file, and an error.
func keep(path string, rows lake.Batches) error {
	var writer *pqarrow.FileWriter
	for batch, err := range rows {
		if err != nil {
			return err
		}
		if writer == nil {
			f, err := os.Create(path)
			if err != nil {
				return err
			}
			writer, err = pqarrow.NewFileWriter(batch.Schema(), f, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
			if err != nil {
				return err
			}
		}
		if err := writer.Write(batch); err != nil {
			return err
		}
	}
	if writer == nil {
		return fmt.Errorf("no rows came")
	}
	return writer.Close()
}
