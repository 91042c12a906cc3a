package pgtest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync"
)

// A Wire is a port that leads to a server, whose connections a test can break.
type Wire struct {
	Port   int
	server int

	listener net.Listener
	mu       sync.Mutex
	open     map[net.Conn]bool
	on       func(client, server net.Conn, message []byte) bool
	messages int
}

// NewWire opens a port that leads to a server's. Close it.
func (s *Server) NewWire() (*Wire, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &Wire{Port: listener.Addr().(*net.TCPAddr).Port, server: s.Port, listener: listener, open: map[net.Conn]bool{}}
	go w.accept()
	return w, nil
}

func (w *Wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return // it was closed
		}
		server, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", w.server))
		if err != nil {
			_ = client.Close()
			continue
		}
		w.mu.Lock()
		w.open[client], w.open[server] = true, true
		w.mu.Unlock()
		go w.carry(client, server)
		go w.answer(server, client)
	}
}

// carry takes what the client sends to the server.
func (w *Wire) carry(client, server net.Conn) {
	defer w.drop(client, server)
	message := make([]byte, 1<<16)
	for {
		n, err := client.Read(message)
		if err != nil {
			return
		}
		w.mu.Lock()
		on := w.on
		w.messages++
		w.mu.Unlock()
		if on != nil && on(client, server, message[:n]) {
			return
		}
		if _, err := server.Write(message[:n]); err != nil {
			return
		}
	}
}

func (w *Wire) answer(server, client net.Conn) {
	defer w.drop(client, server)
	_, _ = io.Copy(client, server) // until either is gone
}

func (w *Wire) drop(ends ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, end := range ends {
		_ = end.Close()
		delete(w.open, end)
	}
}

// Messages is how many clients have sent so far, after each of which they wait for
// an answer: round trips.
func (w *Wire) Messages() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.messages
}

// Cut breaks all connections; new ones can be made.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for end := range w.open {
		_ = end.Close()
	}
}

// Close breaks all connections, and there will be no more.
func (w *Wire) Close() error {
	err := w.listener.Close()
	w.Cut()
	return err
}

// CutCommit breaks the connection of the next commit: before the server hears of
// it, or after, before its answer comes.
func (w *Wire) CutCommit(heard bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on = func(client, server net.Conn, message []byte) bool {
		if !bytes.HasPrefix(bytes.ToLower(message), []byte("q\x00\x00\x00\x0bcommit")) {
			return false
		}
		w.mu.Lock()
		w.on = nil
		w.mu.Unlock()
		_ = client.Close()
		if heard {
			_, _ = server.Write(message)
		}
		return true
	}
}
