package interop

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alignctl/internal/pgtest"
	"alignctl/lake"
)

// sharedLake makes a lake with its catalog in PostgreSQL and its files in a
// bucket, both on this machine, and gives how other engines open it.
func sharedLake(t *testing.T) (*lake.Lake, args) {
	t.Helper()
	server, err := pgtest.Start(t.Context())
	if errors.Is(err, pgtest.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("PGPASSWORD", pgtest.Password)
	if err := server.Create(t.Context(), "lake"); err != nil {
		t.Fatal(err)
	}
	aws := startMoto(t)
	where := lake.Location{Catalog: server.Address("lake", server.Port), Warehouse: "s3://" + bucket + "/team"}
	l, err := lake.InitAt(t.Context(), filepath.Join(t.TempDir(), "lake"), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := l.Verify(context.Background(), lake.VerifyOptions{Deep: true}); err != nil {
			t.Errorf("verify after the test: %v", err)
		}
		l.Close()
	})
	return l, args{"host": "127.0.0.1", "port": server.Port, "database": "lake", "user": pgtest.User, "password": pgtest.Password,
		"warehouse": where.Warehouse, "endpoint": aws["AWS_ENDPOINT_URL"], "region": aws["AWS_REGION"],
		"key": aws["AWS_ACCESS_KEY_ID"], "secret": aws["AWS_SECRET_ACCESS_KEY"]}
}

// bucket is the bucket of the tests' S3 server.
const bucket = "lakes"

// startMoto starts an S3 server that takes what the engines' clients send, chunks
// with checksums behind them, and gives the environment that leads there.
func startMoto(t *testing.T) map[string]string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(address)
	process := exec.Command(os.Getenv("ALIGNCTL_PYICEBERG"), "-m", "moto.server", "--host", "127.0.0.1", "--port", port)
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait() // it was killed
	})
	makeBucket(t, "http://"+address+"/"+bucket)
	aws := map[string]string{"AWS_ENDPOINT_URL": "http://" + address, "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "of-the-tester"}
	for name, value := range aws {
		t.Setenv(name, value)
	}
	return aws
}

// makeBucket makes a bucket as soon as its server answers.
func makeBucket(t *testing.T, url string) {
	t.Helper()
	var answer *http.Response
	for range 300 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err = http.DefaultClient.Do(request); err == nil {
			answer.Body.Close()
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if answer == nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("make bucket %s: %v", url, answer)
	}
}

// TestSharedLake sees that PyIceberg and Spark read and extend a shared lake as
// they do one in a folder, and alignctl on another host what they wrote.
func TestSharedLake(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *engine{
		"PyIceberg": pyIceberg,
		"Spark":     func(t *testing.T) *engine { return spark(t, "local[2]") },
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t)
			l, join := sharedLake(t)
			historyOf(t, l)
			tagged := tag(t, l, "v1")
			do(t, e, "join", join)
			findsTables(t, e, l)
			for _, table := range tables(t, l) {
				e.sameRows(t, l, table, "", nil)
			}
			e.sameRows(t, l, "core.word", "v1", args{"tag": "v1"})
			addWord(t, e)
			other := joined(t, l)
			e.sameRows(t, other, "core.word", "", nil)
			if diff := cmp.Diff(len(rowsAt(t, other, "core.word", snapshot(tagged["core.word"])))+1,
				len(rowsAt(t, other, "core.word", ""))); diff != "" {
				t.Errorf("rows after the engine's: %s", diff)
			}
			publish(t, other, write{spec: word, scope: "zh", query: chinese + " where n > 2"})
			e.sameRows(t, l, "core.word", "", nil)
		})
	}
}

// addWord adds a word of a language of its own.
func addWord(t *testing.T, e *engine) {
	t.Helper()
	if e.name == "Spark" {
		do(t, e, "query", args{"sql": "insert into align.core.word values ('fr', 'eau', 1, 0.5D)"})
		return
	}
	do(t, e, "append", args{"table": "core.word",
		"rows": []args{{"language": "fr", "word": "eau", "n": 1, "share": 0.5}}})
}

// joined is another host's folder of a shared lake.
func joined(t *testing.T, l *lake.Lake) *lake.Lake {
	t.Helper()
	other, err := lake.InitAt(t.Context(), filepath.Join(t.TempDir(), "other"), lake.Location{Catalog: l.Location().Catalog})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	return other
}
