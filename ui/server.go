package ui

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"alignctl/sql"
)

// Options are the settings of a server.
type Options struct {
	Folder  string // of the lake
	Port    int    // 0: a free one
	Version string // of alignctl

	Timeout time.Duration // what a request may take
	Memory  string        // what a query may hold in memory, such as "1GB"
	Rows    int           // how many rows of a result a page shows
}

// atOnce is how many queries of the user's run at the same time.
const atOnce = 4

// A Server serves the pages of a lake.
type Server struct {
	options  Options
	keeper   keeper
	listener net.Listener
	guard    *guard
}

// Listen opens the lake, and the port on the loopback address.
func Listen(ctx context.Context, o Options) (*Server, error) {
	s := &Server{options: o, keeper: keeper{folder: o.Folder,
		options: poolOptions{session: sql.SessionOptions{Memory: o.Memory}, atOnce: atOnce}}}
	if err := s.keeper.warm(ctx); err != nil {
		return nil, errors.Join(err, s.keeper.close())
	}
	var err error
	s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", fmt.Sprint(o.Port)))
	if err != nil {
		return nil, errors.Join(portError(err, o.Port), s.keeper.close())
	}
	s.guard = newGuard(s.listener.Addr().(*net.TCPAddr), s.routes())
	return s, nil
}

// portError says what to do about a port that can't be had.
func portError(err error, port int) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("serve pages: port %d is taken, perhaps by another alignctl ui "+
			"(give --port another number, or leave it out for a free one)", port)
	}
	return fmt.Errorf("serve pages: %w", err)
}

// Address is where to begin; with it goes the right to look.
func (s *Server) Address() string {
	return fmt.Sprintf("http://%s/?token=%s", s.listener.Addr(), s.guard.token)
}

// Serve answers requests until the context ends, and then those that are at work.
func (s *Server) Serve(ctx context.Context) error {
	server := &http.Server{
		Handler:           s.guard,
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      s.options.Timeout + 10*time.Second, // who reads too slowly must not hold a session for ever
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    1 << 20, // an address holds a query
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(s.listener) }()
	select {
	case err := <-ended:
		return errors.Join(fmt.Errorf("serve pages: %w", err), s.keeper.close())
	case <-ctx.Done():
	}
	// Their queries ended with the context.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(server.Shutdown(last), s.keeper.close())
}

//go:embed static
var static embed.FS

// routes are the pages.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /static/ui.js", http.FileServerFS(static))
	mux.Handle("GET /static/icon.svg", http.FileServerFS(static))
	mux.HandleFunc("GET /static/ui.css", serveStyle)
	for pattern, build := range map[string]func(*visit) (page, error){
		"GET /{$}":                 lakePage,
		"GET /tables/{table}":      tablePage,
		"GET /tables/{table}/diff": diffPage,
		"GET /runs":                runsPage,
		"GET /runs/{run}":          runPage,
		"GET /compare":             comparePage,
		"GET /samples":             samplesPage,
		"GET /lineage":             lineagePage,
		"GET /sql":                 consolePage,
		"GET /":                    func(*visit) (page, error) { return page{}, errNoPage },
	} {
		mux.Handle(pattern, s.handle(func(v *visit) error { return v.show(build) }))
	}
	mux.Handle("GET /sql/words", s.handle(sendWords))
	mux.Handle("GET /sql/result.csv", s.handle(sendCSV))
	mux.Handle("GET /sql/result.parquet", s.handle(sendParquet))
	return mux
}
