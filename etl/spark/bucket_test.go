package spark_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"alignctl/etl"
	"alignctl/etl/etltest"
	"alignctl/etl/spark"
	"alignctl/etl/spark/sparktest"
	"alignctl/internal/disk/storetest"
	"alignctl/lake"
)

// warehouse is where the tests' lakes have their files.
const warehouse = "s3://" + storetest.Bucket + "/team/lake"

// bucketJob begins a load, never published, on a new lake in a bucket.
func bucketJob(t *testing.T, on *spark.Server) *etl.Job {
	t.Helper()
	l, err := lake.InitAt(t.Context(), filepath.Join(t.TempDir(), "lake"), lake.Location{Warehouse: warehouse})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return etltest.NewJob(t, l, on)
}

// readers counts who reads which object of a bucket; those of /denied may not.
type readers struct {
	mu   sync.Mutex
	seen map[string]int // "AGENT KEY"
}

func watch(s3 *storetest.Server) *readers {
	r := &readers{seen: map[string]int{}}
	s3.Before(func(w http.ResponseWriter, q *http.Request) bool {
		if strings.HasPrefix(q.URL.Path, "/denied") {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>no</Message></Error>`)
			return true
		}
		agent, _, _ := strings.Cut(q.UserAgent(), " ")
		r.mu.Lock()
		defer r.mu.Unlock()
		if q.Method == http.MethodGet {
			r.seen[agent+" s3:/"+q.URL.Path]++
		}
		return false
	})
	return r
}

// hadoop is how often Spark read an object.
func (r *readers) hadoop(url string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen["Hadoop "+url]
}

// TestEngineReadsBuckets: a server that knows a bucket reads the lake's objects
// there; one that can't look says why, and what to do.
func TestEngineReadsBuckets(t *testing.T) {
	s3 := storetest.New(t)
	seen := watch(s3)
	key := map[string]string{"endpoint": s3.URL, "access.key": "a", "secret.key": "b"}
	settings := append(sparktest.Buckets(t, s3), sparktest.BucketSettings("denied", key)...)
	settings = append(settings, sparktest.BucketSettings("missing", key)...)
	settings = append(settings, sparktest.BucketSettings("keyless", map[string]string{"endpoint": s3.URL})...)
	settings = append(settings, sparktest.BucketSettings("nowhere", map[string]string{"endpoint": "http://127.0.0.1:1", "access.key": "a",
		"secret.key": "b", "attempts.maximum": "1", "retry.limit": "1"})...)
	server := sparktest.Start(t, "local-cluster[2,1,1024]", settings...)
	for bucket, want := range map[string]string{
		"denied":  "Status Code: 403, Request ID: null); alignctl sends no credentials there: start the server with ones that may",
		"keyless": "; alignctl sends no credentials there: start the server with ones that may",
		"missing": "bucket does not exist",
		"nowhere": "; Spark asks the server that its own setting fs.s3a.endpoint names",
	} {
		if _, err := spark.Find(t.Context(), server.Remote, "s3://"+bucket+"/x"); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "have Spark look into s3://"+bucket+"/x: Spark: ") {
			t.Errorf("%s: %v", bucket, err)
		}
	}
	engine := server.EngineFor(t, warehouse)
	if engine.Copies {
		t.Error("it reads copies")
	}
	t.Run("what is staged", func(t *testing.T) { readsObjects(t, bucketJob(t, engine), seen) })
}

// readsObjects reads a table of many files, one of no rows, and one whose objects
// went.
func readsObjects(t *testing.T, j *etl.Job, seen *readers) {
	ctx := t.Context()
	many := words()
	many.Scope, many.Key = "word", []string{"word", "n"}
	for i := range 50 {
		query := fmt.Sprintf("select 'é %%2F %d' as word, %d::bigint as n, null::double as share", i, i)
		if _, err := j.Run.Write(ctx, many, fmt.Sprintf("é %%2F %d", i), query); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Engine.View(ctx, etl.View{Name: "w", Table: "raw.word", Where: "word like 'é %'"}); err != nil {
		t.Fatal(err)
	}
	if n := number(t, j.Engine, "select sum(n) from w"); n != 50*49/2 {
		t.Errorf("sum %d", n)
	}
	files, err := j.Run.Objects(ctx, "raw.word")
	if err != nil || len(files.Paths) != 50 {
		t.Fatal(files.Paths, err)
	}
	for _, url := range files.Paths {
		if seen.hadoop(url) == 0 {
			t.Errorf("Spark didn't read %s", url)
		}
	}
	none := words()
	none.Name = "raw.none"
	if _, err := j.Run.Write(ctx, none, "", threeWords+" limit 0"); err != nil {
		t.Fatal(err)
	}
	if err := j.Engine.View(ctx, etl.View{Name: "none", Table: "raw.none", Where: "true"}); err != nil {
		t.Fatal(err)
	}
	if n := number(t, j.Engine, "select count(*) from none"); n != 0 {
		t.Errorf("%d rows of none", n)
	}
	gone(t, j, files.Paths[0])
}

// gone takes an object away.
func gone(t *testing.T, j *etl.Job, url string) {
	t.Helper()
	key := strings.TrimPrefix(url, "s3:/")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, os.Getenv("AWS_ENDPOINT_URL")+key, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	err = j.Engine.View(t.Context(), etl.View{Name: "w", Table: "raw.word", Where: "true"})
	if err == nil || !strings.Contains(err.Error(), "fs.s3a.endpoint names") {
		t.Errorf("an object that went: %v", err)
	}
}

// TestEngineReadsCopies: a server on this machine that lacks the library reads
// the copies; one elsewhere can't, and says what it lacks.
func TestEngineReadsCopies(t *testing.T) {
	storetest.New(t)
	server := sparktest.Start(t, "local[2]")
	engine := server.EngineFor(t, warehouse)
	if !engine.Copies {
		t.Error("it reads no copies")
	}
	j := bucketJob(t, engine)
	if _, err := j.Run.Write(t.Context(), words(), "", threeWords); err != nil {
		t.Fatal(err)
	}
	if err := j.Engine.View(t.Context(), etl.View{Name: "w", Table: "raw.word", Where: "true"}); err != nil {
		t.Fatal(err)
	}
	if n := number(t, j.Engine, "select sum(n) from w"); n != 6 {
		t.Errorf("sum %d", n)
	}
	elsewhere := strings.Replace(server.Remote, "127.0.0.1", "0.0.0.0", 1)
	if _, err := spark.Find(context.Background(), elsewhere, warehouse); err == nil ||
		!strings.Contains(err.Error(), "start it with --packages org.apache.hadoop:hadoop-aws:VERSION") {
		t.Errorf("elsewhere: %v", err)
	}
}
