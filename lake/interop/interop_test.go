package interop

import "testing"

// Each engine is started once, for a start of Spark takes ten seconds; each
// case makes lakes of its own.

type testCase struct {
	name string
	run  func(*testing.T, *engine)
}

func runAll(t *testing.T, e *engine, cases []testCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, e) })
	}
}

func TestPyIceberg(t *testing.T) {
	runAll(t, pyIceberg(t), []testCase{
		{"reads every version", readsEveryVersion},
		{"writes", pyIcebergWrites},
		{"rows are added to its own", rowsAreAddedToForeignOnes},
		{"evolves", pyIcebergEvolves},
		{"alignctl goes on after it evolved", alignctlGoesOn},
		{"makes tables", makesTables},
		{"writes at once", writeAtOnce},
		{"writes on an old version", writesOnAnOldVersion},
		{"a path with a blank", pathWithABlank},
		{"null lists are lost", nullListsAreLost},
	})
}

func TestSpark(t *testing.T) {
	runAll(t, spark(t, "local[2]"), []testCase{
		{"reads every version", readsEveryVersion},
		{"finds metadata", findsMetadata},
		{"writes", sparkWrites},
		{"evolves", sparkEvolves},
		{"merge-on-read", mergeOnRead},
	})
}

// Two executors in processes of their own: only the driver opens the catalog.
func TestSparkCluster(t *testing.T) {
	runAll(t, spark(t, "local-cluster[2,1,1024]"), []testCase{{"writes", sparkWrites}})
}
