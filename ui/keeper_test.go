package ui

import (
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"alignctl/lake"
)

// While the lake is away, pages say so; when it is back, or another one is in its
// place, they show that.
func TestLakeGone(t *testing.T) {
	l := mortalLake(t)
	s := serve(t, l, Options{})
	away := l.Dir() + "-away"
	if err := os.Rename(l.Dir(), away); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/tables/core.word", "/sql?q=from+core.word", "/sql/words", "/sql/result.csv?q=select+1", "/nowhere"} {
		if status, body := s.get(path); status != http.StatusServiceUnavailable || !strings.Contains(body, "The lake is gone") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if err := os.Rename(away, l.Dir()); err != nil {
		t.Fatal(err)
	}
	if status, body := s.query("from core.word"); status != http.StatusOK || !strings.Contains(body, "冰桥") {
		t.Errorf("it is back: %d %s", status, body)
	}
	if err := os.RemoveAll(l.Dir()); err != nil {
		t.Fatal(err)
	}
	other, err := lake.Init(t.Context(), l.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	write(t, other, "elsewhere")
	if status, body := s.query("from core.word"); status != http.StatusOK || !strings.Contains(body, "elsewhere") {
		t.Errorf("another lake: %d %s", status, body)
	}
}

// A lake that goes while a query runs doesn't end the ui.
func TestLakeGoesMeanwhile(t *testing.T) {
	l := mortalLake(t)
	s := serve(t, l, Options{Timeout: 2 * time.Second})
	go func() {
		time.Sleep(200 * time.Millisecond)
		_ = os.RemoveAll(l.Dir())
	}()
	s.query("select count(*) from range(1000000000) a, range(1000000000) b where a.range % 7 = b.range % 11")
	if status, _ := s.get("/"); status != http.StatusServiceUnavailable {
		t.Errorf("afterwards: %d", status)
	}
}

func TestListenFails(t *testing.T) {
	l := newLake(t)
	s := serve(t, l, Options{})
	port := s.server.listener.Addr().(*net.TCPAddr).Port
	_, err := Listen(t.Context(), Options{Folder: l.Dir(), Port: port})
	if err == nil || !strings.Contains(err.Error(), "perhaps by another alignctl ui") || !strings.Contains(err.Error(), "--port") {
		t.Errorf("a second one on the port: %v", err)
	}
	if _, err := Listen(t.Context(), Options{Folder: t.TempDir()}); !errors.Is(err, lake.ErrNoLake) {
		t.Errorf("no lake: %v", err)
	}
}
