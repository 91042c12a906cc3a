package ui

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
)

// A guard lets only the person at this machine in who was told the token.
// Against other pages in the same browser stand: the name of the host, which a
// page that points its own name at this machine doesn't have; the origin, which
// browsers tell; and that nothing here changes anything.
type guard struct {
	token  string
	cookie string   // its name has the port: cookies of a host are shared by its ports
	hosts  []string // by which the pages may be asked for
	next   http.Handler
}

// newGuard makes a guard of what is served at a loopback address.
func newGuard(address *net.TCPAddr, next http.Handler) *guard {
	port := fmt.Sprint(address.Port)
	return &guard{
		token:  rand.Text(),
		cookie: "alignctl_" + port,
		hosts:  []string{address.String(), net.JoinHostPort("localhost", port)},
		next:   next,
	}
}

// policy is what a page may load and do: files of this server, and no more.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// headers are sent with each answer.
var headers = map[string]string{
	"Content-Security-Policy":      policy,
	"X-Content-Type-Options":       "nosniff",
	"Cache-Control":                "no-store", // licensed words stay out of the browser's cache
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
}

// ServeHTTP passes a request on, or says why not.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	switch {
	case !slices.Contains(g.hosts, r.Host):
		http.Error(w, "This is not the address of alignctl ui: use the one that it printed.", http.StatusMisdirectedRequest)
	case !fromHere(r):
		http.Error(w, "Another site asked for this page; alignctl ui answers only its own. "+
			"Copy the address into the browser's address line.", http.StatusForbidden)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "alignctl ui only reads.", http.StatusMethodNotAllowed)
	case r.URL.Query().Has("token"):
		g.admit(w, r)
	case !g.admitted(r):
		g.refuse(w)
	default:
		g.next.ServeHTTP(w, r)
	}
}

// fromHere says whether the browser's person, a page of this server, or a
// program that is no browser asks.
func fromHere(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return false
	}
	return slices.Contains([]string{"", "none", "same-origin"}, r.Header.Get("Sec-Fetch-Site"))
}

// admit exchanges the token in an address for a cookie, and the address for one
// that may be shown to others.
func (g *guard) admit(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if !g.right(query.Get("token")) {
		g.refuse(w)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: g.cookie, Value: g.token, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteStrictMode})
	query.Del("token")
	there := url.URL{Path: path.Clean(r.URL.Path), RawQuery: query.Encode()} // "//host" would lead elsewhere
	w.Header().Set("Location", there.RequestURI())
	w.WriteHeader(http.StatusSeeOther)
}

func (g *guard) admitted(r *http.Request) bool {
	cookie, err := r.Cookie(g.cookie)
	return err == nil && g.right(cookie.Value)
}

func (g *guard) right(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(g.token)) == 1
}

func (g *guard) refuse(w http.ResponseWriter) {
	http.Error(w, "Open the whole address that alignctl ui printed when it started, with its token. "+
		"A ui that was started anew has a new one.", http.StatusUnauthorized)
}
