package connect

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/user"
	"strings"
)

// TokenVariable is the environment variable that holds the token of a server
// that asks for one; Spark's own clients read it, too.
const TokenVariable = "SPARK_CONNECT_AUTHENTICATE_TOKEN"

// defaultPort is where a Spark Connect server listens unless told otherwise.
const defaultPort = "15002"

// A remote is where a server is, and who asks it.
type remote struct {
	text        string // as it was given
	host, port  string
	user, token string
	tls         bool
}

// parseRemote reads an address such as sc://host:15002/;use_ssl=true. A token in
// it is refused: command lines are kept in the lake's history.
func parseRemote(text string) (*remote, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "sc" || u.Hostname() == "" || u.User != nil {
		return nil, errors.New("it is no address of a Spark Connect server, such as sc://localhost:15002")
	}
	r := &remote{text: text, host: u.Hostname(), port: cmp.Or(u.Port(), defaultPort), token: os.Getenv(TokenVariable)}
	parameters := strings.TrimPrefix(strings.TrimPrefix(u.Path, "/"), ";")
	secured := ""
	for _, parameter := range strings.Split(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		switch name {
		case "":
		case "use_ssl":
			secured = value
		case "user_id":
			r.user = value
		case "token":
			return nil, fmt.Errorf("give the token in %s instead: command lines are kept in the lake's history", TokenVariable)
		default:
			return nil, fmt.Errorf("parameter %q is not known; known are use_ssl and user_id", name)
		}
	}
	r.tls = secured == "true" || secured == "" && r.token != "" && !loopback(r.host)
	if r.user == "" {
		r.user = userName()
	}
	return r, nil
}

// loopback reports whether a host is this machine, to which a token may go in
// the clear.
func loopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "alignctl"
}
