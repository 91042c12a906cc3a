package lake

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestFiles: another engine finds the rows that the run's session shows, staged
// ones included.
func TestFiles(t *testing.T) {
	l := newLake(t)
	first := begin(t, l)
	write(t, first, wordSpec(), "en", words("en", 5))
	publish(t, first, Done)
	r := begin(t, l)
	for _, want := range []int{1, 2} {
		files, err := r.Files(t.Context(), wordSpec().Name)
		if err != nil || len(files.Paths) != want {
			t.Fatalf("%v, want %d files: %v", files.Paths, want, err)
		}
		var columns []string
		for _, c := range files.Columns {
			columns = append(columns, fmt.Sprintf("%d %s %s", c.ID, c.Name, c.Type.SQL()))
		}
		if got := strings.Join(columns, " "); got != "1 language VARCHAR 2 word VARCHAR 3 n BIGINT 4 share DOUBLE" {
			t.Errorf("columns are %s", got)
		}
		for _, path := range files.Paths {
			if _, err := os.Stat(path); err != nil {
				t.Error(err)
			}
		}
		write(t, r, wordSpec(), "zh", words("zh", 3))
	}
	if _, err := r.Files(t.Context(), "core.nosuch"); err == nil {
		t.Error("a table that isn't there has files")
	}
}
