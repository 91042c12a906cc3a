package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"alignctl/internal/disk"
	"alignctl/internal/disk/storetest"
)

const location = "s3://" + storetest.Bucket + "/a/lake"

// open is a store with an empty cache of its own: a host.
func open(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Open(location, t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// write makes a file and sends it.
func write(t *testing.T, s *Store, name string, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(s.folder, filepath.FromSlash(name))
	if err := s.MkdirAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	out, err := s.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = out.Write(content)
	if err := errors.Join(err, out.Close(), s.Sync(t.Context(), []string{path})); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(s *Store, name string) ([]byte, error) {
	file, err := s.Open(filepath.Join(s.folder, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

func expectContent(t *testing.T, s *Store, name string, want []byte) {
	t.Helper()
	if got, err := read(s, name); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s holds %d bytes, want %d: %v", name, len(got), len(want), err)
	}
}

// What one host writes, another reads; the second time without asking.
func TestTwoHosts(t *testing.T) {
	server := storetest.New(t)
	a, b := open(t, Options{}), open(t, Options{})
	for name, content := range map[string][]byte{"s.db/t/data/1.parquet": []byte("one"), "empty": {},
		"词/with blank+%41": []byte("two"), "large": bytes.Repeat([]byte("0123456789abcdef"), 5<<20)} {
		write(t, a, name, content)
		expectContent(t, b, name, content)
		server.Asked()
		expectContent(t, b, name, content)
		if n := server.Asked(); n != 0 {
			t.Errorf("%s: %d requests for a file that is there", name, n)
		}
	}
	files, err := b.List(b.folder)
	if err != nil || len(files) != 4 || files[1].Path != filepath.Join(b.folder, "large") || files[1].Bytes != 80<<20 {
		t.Errorf("listed %v, %v", files, err)
	}
	if below, err := b.List(filepath.Join(b.folder, "s.db")); err != nil || len(below) != 1 {
		t.Errorf("listed %v, %v", below, err)
	}
	if err := b.Remove(filepath.Join(b.folder, "large")); err != nil {
		t.Fatal(err)
	}
	if _, err := read(open(t, Options{}), "large"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed file: %v", err)
	}
	if err := b.Remove(filepath.Join(b.folder, "large")); err != nil {
		t.Errorf("removed again: %v", err)
	}
}

// A file that nobody sent is listed on its host alone, and removed without a
// request.
func TestUnsent(t *testing.T) {
	server := storetest.New(t)
	a, b := open(t, Options{}), open(t, Options{})
	path := filepath.Join(a.folder, "x")
	out, err := a.Create(path)
	if err != nil || out.Close() != nil {
		t.Fatal(err)
	}
	for s, want := range map[*Store]int{a: 1, b: 0} {
		if files, err := s.List(s.folder); err != nil || len(files) != want {
			t.Errorf("listed %v, want %d: %v", files, want, err)
		}
	}
	if info, err := a.Stat(path); err != nil || info.Bytes != 0 {
		t.Errorf("%v, %v", info, err)
	}
	server.Asked()
	if err := a.Remove(path); err != nil || server.Asked() != 0 {
		t.Errorf("removed by way of the server: %v", err)
	}
}

// Nothing is overwritten; an upload whose answer was lost is found done.
func TestNoOverwriting(t *testing.T) {
	server := storetest.New(t)
	a, b := open(t, Options{}), open(t, Options{})
	write(t, a, "x", []byte("one"))
	path := filepath.Join(b.folder, "x")
	for content, good := range map[string]bool{"one": true, "two": false} {
		if err := errors.Join(b.OS.Remove(path), os.WriteFile(path, []byte(content), 0o644), b.Adopt(path)); err != nil {
			t.Fatal(err)
		}
		if err := b.Sync(t.Context(), []string{path}); (err == nil) != good {
			t.Errorf("content %q: %v", content, err)
		}
	}
	server.Asked()
	if err := a.Sync(t.Context(), []string{filepath.Join(a.folder, "x")}); err != nil || server.Asked() != 0 {
		t.Errorf("a file was sent twice: %v", err)
	}
}

// expecting knows a content for every path.
func expecting(content []byte) Options {
	sum := sha256.Sum256(content)
	return Options{Expect: func(_ context.Context, paths []string) (map[string]Expected, error) {
		all := map[string]Expected{}
		for _, path := range paths {
			all[path] = Expected{int64(len(content)), hex.EncodeToString(sum[:])}
		}
		return all, nil
	}}
}

// A file of other bytes than were recorded never comes into the cache.
func TestExpectation(t *testing.T) {
	storetest.New(t)
	write(t, open(t, Options{}), "x", []byte("good"))
	expectContent(t, open(t, expecting([]byte("good"))), "x", []byte("good"))
	for _, want := range []string{"goof", "goo"} {
		s := open(t, expecting([]byte(want)))
		if _, err := read(s, "x"); !errors.Is(err, disk.ErrDamaged) {
			t.Errorf("%q was expected: %v", want, err)
		}
		if left, _ := filepath.Glob(filepath.Join(s.folder, "*")); len(left) > 0 {
			t.Errorf("left %v", left)
		}
	}
}

// A copy that a power cut shortened, and a file whose process ended before it
// was marked as sent, are made good.
func TestBrokenCopies(t *testing.T) {
	storetest.New(t)
	write(t, open(t, Options{}), "x", []byte("good"))
	for content, mode := range map[string]os.FileMode{"go": copyMode, "bad!": 0o644, "good": 0o644} {
		s := open(t, expecting([]byte("good")))
		path := filepath.Join(s.folder, "x")
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		expectContent(t, s, "x", []byte("good"))
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != copyMode {
			t.Errorf("%q: %v, %v", content, info.Mode(), err)
		}
	}
}

// The bound holds; what was used last stays, and what is in use.
func TestBound(t *testing.T) {
	storetest.New(t)
	a, b := open(t, Options{}), open(t, Options{MaxBytes: 350})
	for i := range 5 {
		write(t, a, fmt.Sprint(i), bytes.Repeat([]byte{byte(i)}, 100))
	}
	path := func(name string) string { return filepath.Join(b.folder, name) }
	for i, name := range []string{"0", "1", "2"} {
		if _, err := read(b, name); err != nil {
			t.Fatal(err)
		}
		used := time.Now().Add(time.Duration(i-10) * time.Minute)
		if err := os.Chtimes(path(name), used, used); err != nil {
			t.Fatal(err)
		}
	}
	release, err := b.Fetch(t.Context(), []string{path("0")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(b, "3"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"0": true, "1": false, "2": true, "3": true} {
		if _, err := os.Stat(path(name)); (err == nil) != want {
			t.Errorf("%s: there %v, want %v", name, err == nil, want)
		}
	}
	_, err = b.Fetch(t.Context(), []string{path("1"), path("2"), path("3"), path("4")})
	if !errors.Is(err, disk.ErrFull) || !strings.Contains(err.Error(), cacheVariable) {
		t.Errorf("four of three: %v", err)
	}
	release()
	if release, err = b.Fetch(t.Context(), []string{path("1"), path("2"), path("3")}); err != nil {
		t.Errorf("three of three: %v", err)
	} else {
		release()
	}
}

// Many readers of a small cache, in two processes' worth of stores over one
// folder, get every file whole.
func TestManyReaders(t *testing.T) {
	server := storetest.New(t)
	a, folder := open(t, Options{}), t.TempDir()
	for i := range 20 {
		write(t, a, fmt.Sprint(i), bytes.Repeat([]byte{byte(i)}, 1000))
	}
	server.Asked()
	var work sync.WaitGroup
	for n := range 2 {
		s, err := Open(location, folder, Options{MaxBytes: 12000})
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			work.Go(func() {
				for i := range 100 {
					name := fmt.Sprint((i*7 + n) % 20)
					if got, err := read(s, name); err != nil || len(got) != 1000 || fmt.Sprint(got[999]) != name {
						t.Errorf("%s: %d bytes, %v", name, len(got), err)
					}
				}
			})
		}
	}
	work.Wait()
}

// One file is fetched once, however many ask for it.
func TestOneFlight(t *testing.T) {
	server := storetest.New(t)
	write(t, open(t, Options{}), "x", bytes.Repeat([]byte("x"), 1<<20))
	b := open(t, Options{})
	server.Asked()
	var work sync.WaitGroup
	for range 20 {
		work.Go(func() {
			if _, err := read(b, "x"); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if n := server.Asked(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// Server errors, cut bodies and closed connections that pass are got over.
func TestFaultsThatPass(t *testing.T) {
	server := storetest.New(t)
	content := bytes.Repeat([]byte("0123456789"), 1000)
	for name, fault := range map[string]func(w http.ResponseWriter){
		"500":    func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"503":    func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"cut":    func(w http.ResponseWriter) { storetest.Cut(w, content) },
		"closed": func(w http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		a, b := open(t, expecting(content)), open(t, expecting(content))
		for _, method := range []string{http.MethodPut, http.MethodGet} {
			left := 2
			server.Before(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != method || left == 0 || name == "cut" && method == http.MethodPut {
					return false
				}
				left--
				fault(w)
				return true
			})
			if method == http.MethodPut {
				write(t, a, name, content)
			} else {
				expectContent(t, b, name, content)
			}
		}
		server.Before(nil)
	}
}

// A failure that lasts says what, where and the cure, and no secret.
func TestFailures(t *testing.T) {
	server := storetest.New(t)
	expectError := func(what, location string, want ...string) {
		t.Helper()
		s, err := Open(location, t.TempDir(), Options{})
		if err == nil {
			_, err = read(s, "x")
		}
		if err == nil || strings.Contains(err.Error(), "of-the-tester") {
			t.Fatalf("%s: %v", what, err)
		}
		for _, text := range want {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v\nwant %q", what, err, text)
			}
		}
	}
	expectError("no bucket", "s3://elsewhere/x", "elsewhere", server.URL, "make it")
	expectError("no location", "s4://elsewhere/x", "s3://BUCKET")
	server.Before(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `<Error><Code>InvalidAccessKeyId</Code><Message>who?</Message></Error>`)
		return true
	})
	expectError("access denied", location, "denies access", "AWS_SECRET_ACCESS_KEY", "lakes")
	server.Before(func(w http.ResponseWriter, _ *http.Request) bool { panic(http.ErrAbortHandler) })
	expectError("no answer", location, "no answer from", "AWS_ENDPOINT_URL")
	server.Close()
	expectError("down", location, "no answer from", server.URL)
	t.Setenv(cacheVariable, "much")
	expectError("size", location, cacheVariable)
}

// A server's URL with a key in it, or with what is ignored, is refused, and not
// shown.
func TestEndpointRefused(t *testing.T) {
	storetest.New(t)
	for _, variable := range []string{"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"} {
		for _, url := range []string{"http://KEY:hush@localhost:9", "http://hush@localhost", "http://localhost?key=hush", "http://localhost/#hush",
			"http://localhost/hush", "localhost:9/hush", "ftp://localhost/hush", "http://KEY:h%ush@localhost", "hush"} {
			t.Setenv(variable, url)
			_, err := Open(location, t.TempDir(), Options{})
			if err == nil || !strings.Contains(err.Error(), "read "+variable+": want http://HOST:PORT") || strings.Contains(err.Error(), "ush") {
				t.Errorf("%s=%s: %v", variable, url, err)
			}
		}
		t.Setenv(variable, "")
	}
}

// A server that says nothing, or stops in the middle, is given up.
func TestSilence(t *testing.T) {
	server := storetest.New(t)
	content := bytes.Repeat([]byte("0123456789"), 1000)
	write(t, open(t, Options{}), "x", content)
	for name, silent := range map[string]func(w http.ResponseWriter){
		"at once": func(http.ResponseWriter) {},
		"in the middle": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
			_, _ = w.Write(content[:5000])
			w.(http.Flusher).Flush()
		},
	} {
		server.Before(func(w http.ResponseWriter, r *http.Request) bool {
			silent(w)
			<-r.Context().Done()
			return true
		})
		if _, err := read(open(t, Options{Patience: 100 * time.Millisecond}), "x"); !errors.Is(err, disk.ErrUnreachable) {
			t.Errorf("silent %s: %v", name, err)
		}
	}
}

func TestCacheSize(t *testing.T) {
	for text, want := range map[string]int64{"": 20 << 30, "8GB": 8e9, "1.5 GiB": 3 << 29, "4096": 4096, "10MiB": 10 << 20,
		"7B": 7, "2T": 2e12, "8gb": 0, "-1": 0, "GB": 0, "0": 0} {
		t.Setenv(cacheVariable, text)
		if got, err := CacheSize(); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
}

// Keys that lead out of the folder, or that two paths could mean, are nobody's.
func TestForeignKeys(t *testing.T) {
	storetest.New(t)
	s := open(t, Options{})
	for _, key := range []string{"../x", "a//b", "/x", "a/../b", "."} {
		if path, ok := s.path(key); ok {
			t.Errorf("key %q means %q", key, path)
		}
	}
}

// Uploads in parts that nobody ended are found by their age, below the prefix,
// and go; what a server says that knows no such thing is told.
func TestUnfinished(t *testing.T) {
	server := storetest.New(t)
	s := open(t, Options{})
	prefix := s.remote.prefix
	server.Abandon(t, prefix+"core.db/word/data/a.parquet")
	server.Abandon(t, prefix+"core.db/word/data/a.parquet")
	server.Abandon(t, "elsewhere/b.parquet")
	for _, step := range []struct {
		before time.Duration
		remove bool
		want   int
	}{{-time.Hour, true, 0}, {time.Hour, false, 2}, {time.Hour, true, 2}, {time.Hour, false, 0}} {
		cut, err := s.Unfinished(t.Context(), time.Now().Add(step.before), step.remove)
		if err != nil || len(cut) != step.want {
			t.Errorf("%+v: %v, %v", step, cut, err)
		}
	}
	server.Before(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusNotImplemented)
		return true
	})
	if _, err := s.Unfinished(t.Context(), time.Now(), true); !errors.Is(err, disk.ErrUnreachable) {
		t.Errorf("a server that can't: %v", err)
	}
}

// A file that nobody recorded is checked by the checksum that the server has.
func TestChecksums(t *testing.T) {
	server, content := storetest.New(t), []byte("of another engine")
	for stated, good := range map[string][]byte{"right": content, "wrong": []byte("something else")} {
		sum := binary.BigEndian.AppendUint32(nil, crc32.Checksum(good, crc32.MakeTable(crc32.Castagnoli)))
		server.Before(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || r.Header.Get("x-amz-checksum-mode") != "ENABLED" {
				return false
			}
			w.Header().Set("x-amz-checksum-crc32c", base64.StdEncoding.EncodeToString(sum))
			w.Header().Set("x-amz-checksum-type", "FULL_OBJECT")
			w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
			w.Write(content)
			return true
		})
		got, err := read(open(t, Options{}), "x")
		if stated == "right" && (err != nil || !bytes.Equal(got, content)) || stated == "wrong" && !errors.Is(err, disk.ErrDamaged) {
			t.Errorf("%s checksum: %q, %v", stated, got, err)
		}
	}
}
