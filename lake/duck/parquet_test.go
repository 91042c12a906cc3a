package duck

import (
	"path/filepath"
	"testing"
)

func TestStorable(t *testing.T) {
	for columnType, want := range map[string]string{
		"BIGINT":                     "BIGINT",
		"UHUGEINT[]":                 "DECIMAL(38,0)[]",
		"MAP(UUID, INTERVAL)":        "MAP(VARCHAR, VARCHAR)",
		"TIME WITH TIME ZONE":        "VARCHAR",
		"TIMESTAMP WITH TIME ZONE":   "TIMESTAMP WITH TIME ZONE",
		"TIME":                       "TIME",
		`STRUCT("UUID" BIT, b TIME)`: `STRUCT("UUID" VARCHAR, b TIME)`,
		"ENUM('UUID', 'it''s BIT')":  "ENUM('UUID', 'it''s BIT')",
		"STRUCT(INTEGER, INTEGER)":   "JSON",
		"STRUCT(INTEGER[], BIGINT)":  "JSON",
		"UNION(k INTEGER)[]":         "JSON",
		"STRUCT(a VARIANT)":          "JSON",
	} {
		if got := Storable(columnType); got != want {
			t.Errorf("%s is stored as %s, want %s", columnType, got, want)
		}
	}
}

// A confined database writes what alignctl asks for, nothing that a query
// brings along.
func TestCopyParquet(t *testing.T) {
	db := open(t)
	dir := t.TempDir()
	if err := db.Confine(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "x.parquet")
	const query = `select 170141183460469231731687303715884::hugeint as "a.b", [uuid()] as "x""y", 7 as "x""y" -- end`
	if err := db.CopyParquet(t.Context(), query, path, "zstd"); err != nil {
		t.Fatal(err)
	}
	n, err := db.Count(t.Context(), `select count(*) from read_parquet(`+Literal(path)+`)
		where "a.b" = 170141183460469231731687303715884 and length("x""y"[1]) = 36`)
	if err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
	for _, bad := range []string{
		"select 1) to '" + filepath.Join(dir, "y") + "' (format csv); --",
		"select 1; select 2",
		"copy (select 1) to 'z'",
		"explain select 1",
		"select 1e39::hugeint",
		"select 170141183460469231731687303715884105727",
	} {
		if err := db.CopyParquet(t.Context(), bad, filepath.Join(dir, "y.parquet"), "zstd"); err == nil {
			t.Errorf("%s was copied", bad)
		}
	}
	if err := db.CopyParquet(t.Context(), query, filepath.Join(t.TempDir(), "x"), "zstd"); err == nil {
		t.Error("a file outside was written")
	}
}
