// Package storetest is an S3 server for tests, which can be told to fail.
package storetest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Bucket is the bucket that a new server has.
const Bucket = "lakes"

// A Server is a server in this process, whose objects are in memory.
type Server struct {
	URL string

	http   *httptest.Server
	mu     sync.Mutex
	before func(http.ResponseWriter, *http.Request) bool
	asked  int
}

// Start starts a server. Use makes it the one that stores ask.
func Start() (*Server, error) {
	backend := s3mem.New()
	if err := backend.CreateBucket(Bucket); err != nil {
		return nil, err
	}
	s := &Server{}
	s.http = httptest.NewServer(s.handler(gofakes3.New(backend).Server()))
	s.URL = s.http.URL
	return s, nil
}

func (s *Server) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		before := s.before
		s.asked++
		s.mu.Unlock()
		if before == nil || !before(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// Environment says where the server is, as variables that stores read.
func (s *Server) Environment() map[string]string {
	return map[string]string{"AWS_ENDPOINT_URL": s.URL, "AWS_ENDPOINT_URL_S3": "", "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "of-the-tester", "AWS_SESSION_TOKEN": ""}
}

// Use sets the environment of the process.
func (s *Server) Use() error {
	for name, value := range s.Environment() {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// New is a server for one test, which asks it.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for name, value := range s.Environment() {
		t.Setenv(name, value)
	}
	return s
}

// Abandon leaves an upload in parts without an end, as a killed process does.
func (s *Server) Abandon(t testing.TB, key string) {
	t.Helper()
	answer, err := http.Post(s.URL+"/"+Bucket+"/"+key+"?uploads", "", nil)
	if err == nil {
		err = answer.Body.Close()
	}
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("begin an upload: %v, %v", answer, err)
	}
}

// Close ends the server.
func (s *Server) Close() { s.http.Close() }

// Before sees each request first, and answers those for which it returns true;
// nil: none.
func (s *Server) Before(answer func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = answer
}

// Asked counts the requests since it was last called.
func (s *Server) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.asked
	s.asked = 0
	return n
}

// Cut answers with the first half of a content, and closes the connection.
func Cut(w http.ResponseWriter, content []byte) {
	connection, buffer, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer connection.Close()
	buffer.WriteString("HTTP/1.1 200 OK\r\nContent-Length: ")
	buffer.WriteString(strconv.Itoa(len(content)))
	buffer.WriteString("\r\nLast-Modified: Mon, 02 Jan 2006 15:04:05 GMT\r\nETag: \"x\"\r\n\r\n")
	buffer.Write(content[:len(content)/2])
	buffer.Flush()
}
