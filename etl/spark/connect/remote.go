package connect

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"os/user"
	"regexp"
	"strconv"
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

// parseRemote reads an address such as sc://host:15002/;use_ssl=true. What it
// doesn't know it refuses, a token above all: command lines are kept in the
// lake's history. Its errors repeat nothing that could be one.
func parseRemote(text string) (*remote, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "sc" || u.User != nil || u.ForceQuery || u.RawQuery != "" || strings.Contains(text, "#") ||
		!isHost(u.Hostname()) || !isPort(u.Port()) {
		return nil, errAddress
	}
	r := &remote{text: text, host: u.Hostname(), port: cmp.Or(u.Port(), defaultPort), token: os.Getenv(TokenVariable)}
	r.tls = r.token != "" && !loopback(r.host)
	if err := r.set(u.EscapedPath()); err != nil {
		return nil, err
	}
	if r.user == "" {
		r.user = userName()
	}
	return r, nil
}

// errAddress says what an address is.
var errAddress = errors.New("it is no address of a Spark Connect server, such as sc://localhost:15002 or sc://lab/;use_ssl=true; " +
	"a token goes into " + TokenVariable)

// set takes the parameters of an address: "", or "/;name=value;name=value".
func (r *remote) set(path string) error {
	parameters, listed := strings.CutPrefix(path+";", "/;")
	if !listed && path != "" {
		return errAddress
	}
	given := map[string]bool{}
	for _, parameter := range strings.Split(parameters, ";") {
		if parameter == "" {
			continue
		}
		name, value, ok := strings.Cut(parameter, "=")
		value, err := url.PathUnescape(value)
		if !ok || err != nil {
			return errAddress
		}
		if given[name] {
			return fmt.Errorf("parameter %s is there twice", name)
		}
		given[name] = true
		if err := r.setOne(name, value); err != nil {
			return err
		}
	}
	return nil
}

// setOne takes one parameter.
func (r *remote) setOne(name, value string) error {
	switch {
	case name == "use_ssl" && (value == "true" || value == "false"):
		r.tls = value == "true"
	case name == "use_ssl":
		return errors.New("parameter use_ssl is true or false")
	case name == "user_id":
		r.user = value
	case strings.EqualFold(name, "token"):
		return fmt.Errorf("give the token in %s instead: command lines are kept in the lake's history", TokenVariable)
	default:
		return fmt.Errorf("it has a parameter that is not known; known are use_ssl and user_id, and a token goes into %s", TokenVariable)
	}
	return nil
}

// isHost reports whether a text can be the name of a host, or its IP address.
func isHost(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil || hostName.MatchString(text)
}

var hostName = regexp.MustCompile(`^[\pL\pN_]([\pL\pN_.-]*[\pL\pN_.])?$`)

// isPort reports whether a text can be the number of a port; "" is the usual one.
func isPort(text string) bool {
	number, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && number > 0
}

// loopback reports whether a host is this machine, to which a token may go in
// the clear.
func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") || err == nil && address.Unmap().IsLoopback()
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "alignctl"
}
