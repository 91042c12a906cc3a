package duck

import (
	"context"
	"testing"
)

// TestFold checks that SQL folds as Go does, where DuckDB's lower differs.
func TestFold(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	n, err := db.Count(ctx, `select count(*) from (values ('Straße', 'strasse'), ('ΣΟΦΟΣ', 'σοφοσ'), ('ＡＰ  ple', 'ap ple'),
		('tea', 'tea'), ('', ''), (null, null)) as t(word, want) where fold(word) is not distinct from want`)
	if err != nil || n != 6 {
		t.Fatalf("%d of 6 words fold as they should: %v", n, err)
	}
	n, err = db.Count(ctx, "select count(distinct fold('Word ' || i)) from range(100000) r(i)")
	if err != nil || n != 100_000 {
		t.Fatalf("%d of 100000 words: %v", n, err)
	}
}
