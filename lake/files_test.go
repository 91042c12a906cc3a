package lake

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"alignctl/internal/disk/storetest"
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

// objectsOf are the URLs of the words' files.
func objectsOf(t *testing.T, r *Run) []string {
	t.Helper()
	files, err := r.Objects(t.Context(), wordSpec().Name)
	if err != nil {
		t.Fatal(err)
	}
	return files.Paths
}

// expectObjects asks the bucket whether it has objects.
func expectObjects(t *testing.T, server *storetest.Server, urls []string, want bool) {
	t.Helper()
	for _, url := range urls {
		key, ok := strings.CutPrefix(url, "s3://"+storetest.Bucket+"/a/lake/core.db/word/data/")
		answer, err := http.Head(server.URL + strings.TrimPrefix(url, "s3:/"))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if !ok || strings.Contains(key, "/") || (answer.StatusCode == http.StatusOK) != want {
			t.Errorf("%s: %s, want it there: %v", url, answer.Status, want)
		}
	}
}

// TestObjects: another engine, on any machine, finds in the bucket what the run's
// session shows. What isn't published goes with the run.
func TestObjects(t *testing.T) {
	l, server := bucketLake(t)
	appendWords(t, l, "en", 5)
	r := begin(t, l)
	write(t, r, wordSpec(), "zh", words("zh", 3))
	urls := objectsOf(t, r)
	if len(urls) != 2 {
		t.Fatalf("objects %v", urls)
	}
	expectObjects(t, server, urls, true)
	server.Asked()
	if again := objectsOf(t, r); !slices.Equal(again, urls) || server.Asked() != 0 {
		t.Errorf("asked again: %v", again)
	}
	write(t, r, wordSpec(), "zh", words("zh", 4))
	expectObjects(t, server, urls[1:], false) // replaced
	urls = objectsOf(t, r)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	expectObjects(t, server, urls[:1], true)
	expectObjects(t, server, urls[1:], false)
	expectRows(t, l, 5)
}

// dropCopies makes room in the cache: what was sent may go.
func dropCopies(t *testing.T, l *Lake) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(l.warehouse(), "core.db/word/data/*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// What was sent is a file like any other: its copy may go, and it is published.
func TestObjectsArePublished(t *testing.T) {
	l, server := bucketLake(t)
	r := begin(t, l)
	write(t, r, wordSpec(), "zh", words("zh", 3))
	urls := objectsOf(t, r)
	dropCopies(t, l)
	if got := text(t, r.Session(), "select count(*) n from core.word"); got != "{'n': 3}" {
		t.Errorf("rows of the run: %s", got)
	}
	dropCopies(t, l)
	publish(t, r, Done)
	if again := objectsOf(t, r); !slices.Equal(again, urls) {
		t.Errorf("once published: %v, before: %v", again, urls)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	expectObjects(t, server, urls, true)
	expectRows(t, l, 3)
}

// A run that couldn't remove what it sent leaves it to gc.
func TestObjectsAreCollected(t *testing.T) {
	l, server := bucketLake(t)
	appendWords(t, l, "en", 5)
	r := begin(t, l)
	write(t, r, wordSpec(), "zh", words("zh", 3))
	urls := objectsOf(t, r)
	server.Before(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodDelete {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	server.Before(nil)
	expectObjects(t, server, urls, true)
	collect(t, l, GCOptions{Delete: true})
	expectObjects(t, server, urls, true) // it may be of a run that is about to publish
	collect(t, l, GCOptions{Delete: true, OlderThan: -time.Hour})
	expectObjects(t, server, urls[:1], true)
	expectObjects(t, server, urls[1:], false)
	expectRows(t, l, 5)
}
