package ui

import (
	"net/http"
	"strings"
	"testing"
)

// Only the browser of who has the token is answered, on the address that was
// printed, and only when no other site asks; nothing can be sent.
func TestGuard(t *testing.T) {
	s := serve(t, newLake(t), Options{})
	host := strings.TrimPrefix(s.base, "http://")
	port := host[strings.LastIndexByte(host, ':'):]
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"as it should be":         {func(*http.Request) {}, http.StatusOK},
		"by the name localhost":   {func(r *http.Request) { r.Host = "localhost" + port }, http.StatusOK},
		"typed by the person":     {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") }, http.StatusOK},
		"by a page of ours":       {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, http.StatusOK},
		"no cookie":               {func(r *http.Request) { r.Header.Del("Cookie") }, http.StatusUnauthorized},
		"wrong cookie":            {func(r *http.Request) { r.Header.Set("Cookie", s.server.guard.cookie+"=x") }, http.StatusUnauthorized},
		"empty cookie":            {func(r *http.Request) { r.Header.Set("Cookie", s.server.guard.cookie+"=") }, http.StatusUnauthorized},
		"wrong token":             {func(r *http.Request) { r.URL.RawQuery = "token=x" }, http.StatusUnauthorized},
		"a name that was rebound": {func(r *http.Request) { r.Host = "evil.example" + port }, http.StatusMisdirectedRequest},
		"another port's name":     {func(r *http.Request) { r.Host = "127.0.0.1:1" }, http.StatusMisdirectedRequest},
		"no port":                 {func(r *http.Request) { r.Host = "127.0.0.1" }, http.StatusMisdirectedRequest},
		"another origin":          {func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, http.StatusForbidden},
		"no origin that is known": {func(r *http.Request) { r.Header.Set("Origin", "null") }, http.StatusForbidden},
		"another port's page":     {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, http.StatusForbidden},
		"a link on another site":  {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, http.StatusForbidden},
		"a token from another site": {func(r *http.Request) {
			r.URL.RawQuery = "token=" + s.server.guard.token
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}, http.StatusForbidden},
		"a write":        {func(r *http.Request) { r.Method = http.MethodPost }, http.StatusMethodNotAllowed},
		"another write":  {func(r *http.Request) { r.Method = http.MethodPut }, http.StatusMethodNotAllowed},
		"a removal":      {func(r *http.Request) { r.Method = http.MethodDelete }, http.StatusMethodNotAllowed},
		"a preflight":    {func(r *http.Request) { r.Method = http.MethodOptions }, http.StatusMethodNotAllowed},
		"a file outside": {func(r *http.Request) { r.URL.Path = "/static/../server.go" }, http.StatusTemporaryRedirect},
		"a file inside":  {func(r *http.Request) { r.URL.Path = "/static/" }, http.StatusNotFound},
	} {
		r, _ := http.NewRequest(http.MethodGet, s.base+"/", nil)
		r.AddCookie(&http.Cookie{Name: s.server.guard.cookie, Value: s.server.guard.token})
		c.change(r)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if status, body := read(t, answer); status != c.want {
			t.Errorf("%s: %d, want %d: %s", name, status, c.want, body)
		}
		for header, want := range headers {
			if got := answer.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
	}
}

// The token is in the first address only: it becomes a cookie that no script
// and no other site has.
func TestToken(t *testing.T) {
	s := serve(t, newLake(t), Options{})
	r, _ := http.NewRequest(http.MethodGet, s.base+"/sql?q=select+1&token="+s.server.guard.token, nil)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || to != "/sql?q=select+1" {
		t.Errorf("%d to %q", answer.StatusCode, to)
	}
	cookie := answer.Header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie is not %s: %s", part, cookie)
		}
	}
	r, _ = http.NewRequest(http.MethodGet, s.base+"//evil.example/?token="+s.server.guard.token, nil)
	answer, err = http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if to := answer.Header.Get("Location"); strings.HasPrefix(to, "//") {
		t.Errorf("the token leads to another site: %q", to)
	}
}
