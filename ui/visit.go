package ui

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"alignctl/lake"
	"alignctl/lake/duck"
	"alignctl/sql"
)

// A visit is one request and the lake that it sees.
type visit struct {
	*http.Request
	ctx  context.Context // of the request, for as long as it may take
	w    *answer
	lake *lake.Lake
	pins lake.Pins

	server   *Server
	sessions *pool
}

// An answer remembers whether it has begun, after which an error can't be told.
type answer struct {
	http.ResponseWriter
	begun bool
}

// Write begins the answer.
func (a *answer) Write(p []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController flush.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// errNoPage: there is nothing at an address.
var errNoPage = errors.New("there is no such page")

// A noneError says that the lake hasn't what an address names.
type noneError struct{ what string }

// Error says what isn't there.
func (e noneError) Error() string { return e.what }

// none turns the error of looking something up into a noneError, unless the
// lake or the time is to blame.
func (v *visit) none(err error) error {
	var failed *duck.QueryError
	if err == nil || v.ctx.Err() != nil || errors.Is(err, lake.ErrDamaged) || errors.As(err, &failed) {
		return err
	}
	return noneError{err.Error()}
}

// A queryError says that a query of the user's can't be answered.
type queryError struct{ cause error }

// Error says why.
func (e queryError) Error() string { return e.cause.Error() }

// Unwrap is the cause.
func (e queryError) Unwrap() error { return e.cause }

// session gives the work a session on the lake as it is now.
func (v *visit) session(work func(*sql.Session) error) error {
	return v.sessions.with(v.ctx, v.pins, work)
}

// handle makes a handler of what answers visits. Its errors become pages, while
// that is possible; else the connection is cut, so that nobody takes a part for
// the whole.
func (s *Server) handle(serve func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.options.Timeout)
		defer cancel()
		v := &visit{Request: r, ctx: ctx, w: &answer{ResponseWriter: w}, server: s}
		err := v.serve(serve)
		if err == nil || r.Context().Err() != nil {
			return
		}
		if v.w.begun {
			slog.Warn("answer cut", "path", r.URL.Path, "error", err)
			panic(http.ErrAbortHandler)
		}
		v.fail(err)
	})
}

func (v *visit) serve(serve func(*visit) error) error {
	now, err := v.server.keeper.enter(v.ctx)
	if err != nil {
		return err
	}
	defer now.leave()
	v.lake, v.sessions = now.lake, now.sessions
	if v.pins, err = v.lake.At(v.ctx, ""); err == nil {
		err = serve(v)
	}
	if err != nil && v.server.keeper.gone() {
		return lake.ErrNoLake
	}
	return err
}

// A fault is what a page says when there is no other.
type fault struct {
	status int
	Title  string
	Text   string // what happened
	Hint   string // what to do
}

// fail answers with an error's page.
func (v *visit) fail(err error) {
	f := v.faultOf(err)
	if f.status == http.StatusInternalServerError {
		slog.Error("page failed", "path", v.URL.Path, "error", err)
	}
	v.w.Header().Del("Content-Disposition")
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(f.status)
	_ = v.render(page{template: "fault", Title: f.Title, Body: f}) // nobody is left to tell
}

func (v *visit) faultOf(err error) fault {
	var none noneError
	var query queryError
	switch {
	case errors.Is(err, lake.ErrNoLake):
		return fault{http.StatusServiceUnavailable, "The lake is gone",
			"It is no longer in " + v.server.options.Folder + ": it was moved, renamed or removed.",
			"Put it back and load this page again, or start alignctl ui where it is now. Nothing here is kept elsewhere."}
	case errors.Is(err, errNoPage):
		return fault{http.StatusNotFound, "No such page", "There is nothing at " + v.URL.Path + ".", ""}
	case errors.As(err, &none):
		return fault{http.StatusNotFound, "Not in this lake", upperFirst(none.what) + ".",
			"It may have been there when the link was made: the lake has moved on since."}
	case errors.Is(err, context.DeadlineExceeded):
		return fault{http.StatusGatewayTimeout, "It took too long",
			fmt.Sprintf("This was stopped after %s.", v.server.options.Timeout),
			"alignctl ui --timeout gives it more; alignctl sql has no limit."}
	case errors.As(err, &query):
		return fault{http.StatusBadRequest, "The query can’t be answered", err.Error(), ""}
	case errors.Is(err, lake.ErrDamaged):
		return fault{http.StatusInternalServerError, "The lake is damaged", err.Error(), "alignctl lake verify says more."}
	}
	return fault{http.StatusInternalServerError, "That failed", err.Error(), ""}
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
