// Package house holds the test of the import rules: data flows one way, and
// rooms meet in tables, not in each other's code.
package house

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed names, for each room, the rooms of this module that it may import
// itself. A room not listed here fails the test: say where it belongs.
var allowed = map[string][]string{
	"bench/data":              {"*"},
	"bench/etl":               {"*"},
	"bench/measure":           {},
	"bench/scale":             {"*"},
	"bench/train":             {"*"},
	"bench/wvs":               {"*"},
	"cmd/alignctl":            {"*"},
	"demo":                    {},
	"demo/gen":                {"demo"},
	"etl":                     {"lake", "lake/duck", "internal"},
	"etl/norms":               {"etl", "lake", "lake/duck", "internal"},
	"etl/swow":                {"etl", "lake", "lake/duck", "internal"},
	"etl/pipeline":            {"etl", "etl/norms", "etl/swow", "etl/wvs", "lake", "internal"},
	"etl/etltest":             {"etl", "lake", "lake/laketest"},
	"etl/spark":               {"etl", "etl/spark/connect", "lake", "lake/duck", "internal"},
	"etl/spark/connect":       {"internal"},
	"etl/spark/sparktest":     {"etl", "etl/spark", "lake", "lake/duck", "internal"},
	"etl/swow/swowtest":       {},
	"etl/wvs":                 {"etl", "lake", "lake/duck", "internal"},
	"etl/wvs/wvstest":         {"etl/wvs"},
	"eval":                    {"lake", "train/lm", "internal"},
	"eval/report":             {"eval", "sql", "lake", "internal"},
	"eval/wvs":                {"eval", "lake", "train/lm", "train/batch", "internal"},
	"eval/suite":              {"eval", "eval/wvs", "lake", "internal"},
	"eval/endpoint":           {"eval", "train/lm", "internal"},
	"eval/endpointtest":       {},
	"ui":                      {"eval/report", "sql", "lake", "lake/duck", "internal"},
	"sql":                     {"lake", "lake/duck", "internal"},
	"sql/export":              {"sql", "lake", "lake/duck", "internal"},
	"prove":                   {"etl", "etl/norms", "etl/swow", "etl/wvs", "sql", "lake", "lake/duck", "internal"},
	"lake":                    {"lake/duck", "lake/iceberg", "internal"},
	"lake/duck":               {"internal"},
	"lake/iceberg":            {"internal"},
	"lake/interop":            {},
	"lake/laketest":           {"lake"},
	"train":                   {"lake", "train/lm", "train/batch", "train/reward", "train/rl", "internal"},
	"train/lm":                {"internal"},
	"train/reward":            {"lake", "lake/duck", "internal"},
	"train/rl":                {},
	"train/batch":             {"train/lm", "internal"},
	"train/handover":          {"train", "sql/export", "lake", "internal"},
	"internal/cell":           {},
	"internal/chart":          {},
	"internal/fold":           {},
	"internal/progress":       {},
	"internal/strictyaml":     {"internal/nearest"},
	"internal/failpoint":      {},
	"internal/atomicfile":     {"internal/failpoint"},
	"internal/disk":           {"internal/atomicfile"},
	"internal/disk/disktest":  {"internal/disk"},
	"internal/disk/store":     {"internal/disk", "internal/progress"},
	"internal/disk/storetest": {},
	"internal/golden":         {},
	"internal/house":          {},
	"internal/machine":        {},
	"internal/nearest":        {},
	"internal/pgtest":         {},
	"internal/ranking":        {"internal/reply", "internal/stat"},
	"internal/regular":        {},
	"internal/reply":          {},
	"internal/stat":           {},
	"internal/workspace":      {"internal/strictyaml"},
}

// soleImporters names the only rooms that may import a library.
var soleImporters = map[string][]string{
	"github.com/apache/spark-":   {"etl/spark/connect"},
	"github.com/duckdb/":         {"lake/duck"},
	"github.com/apache/iceberg-": {"lake/iceberg"},
	"github.com/gomlx/":          {"train", "train/lm", "train/rl"},
	"github.com/urfave/cli/":     {"cmd/alignctl"},
	"modernc.org/sqlite":         {"lake/iceberg"},
	"github.com/jackc/pgx/":      {"lake/iceberg"},
	"github.com/minio/":          {"internal/disk/store"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func (p pkg) room() string { return strings.TrimPrefix(p.ImportPath, "alignctl/") }

func TestRoomsImportOneWay(t *testing.T) {
	for _, p := range packages(t) {
		rooms, known := allowed[p.room()]
		if !known {
			t.Errorf("package %s has no line in the import rules", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if other, ours := strings.CutPrefix(imported, "alignctl/"); ours && !permits(rooms, other) {
				t.Errorf("%s imports %s: not allowed, they meet in tables", p.room(), other)
			}
		}
	}
}

func TestLibrariesHaveOneImporter(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			for library, rooms := range soleImporters {
				if strings.HasPrefix(imported, library) && !slices.Contains(rooms, p.room()) {
					t.Errorf("%s imports %s: only %v may", p.room(), imported, rooms)
				}
			}
		}
	}
}

func permits(rooms []string, other string) bool {
	return slices.ContainsFunc(rooms, func(room string) bool {
		return room == "*" || room == other || room == "internal" && strings.HasPrefix(other, "internal/")
	})
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "alignctl/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 5 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}
