package iceberg

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"
)

// errAddress says what the address of a catalog looks like, and repeats nothing of
// one that doesn't: who can't tell its parts can't tell what of it is secret.
var errAddress = errors.New("its address isn't of the form postgres://USER@HOST:PORT/DATABASE; put the password in PGPASSWORD or ~/.pgpass, " +
	"or write %23 for # in it, %2F for /, %3A for :, %3F for ? and %40 for @; several hosts, or a socket's folder, go into ?host=")

// errSecret refuses a secret that is no password of a user's.
var errSecret = errors.New("its address has a secret among its parameters: put it in PGPASSWORD or PGSSLPASSWORD")

// readAddress tells what of the address of a catalog may be shown and kept from
// the password in it, if any. An address that other readers could take apart in
// another way is refused, such as one whose password has a bare # or @.
func readAddress(address string) (shown, password string, err error) {
	u, err := url.Parse(address)
	if err != nil || !isPostgres(address) || strings.Contains(address, "#") || strings.Contains(u.RawQuery, ";") ||
		strings.Count(address, "@") > 1 || u.User == nil && strings.Contains(address, "@") {
		return "", "", errAddress
	}
	kept, inQuery, err := readParameters(u.RawQuery)
	if err != nil {
		return "", "", err
	}
	password, secret := u.User.Password()
	if inQuery != nil {
		password, secret = *inQuery, true
	}
	if !secret {
		return address, "", nil
	}
	return without(address, kept), password, nil
}

// readParameters gives those of an address, as they are written, and apart from them
// the password among them, nil where there is none.
func readParameters(query string) (kept []string, password *string, err error) {
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' }) {
		name, value, err := parameter(pair)
		switch {
		case err != nil:
			return nil, nil, errAddress
		case name == "password" && password == nil:
			password = &value
		case isSecret(name):
			return nil, nil, errSecret
		default:
			kept = append(kept, pair)
		}
	}
	return kept, password, nil
}

// without is an address without its user's password, and with other parameters;
// what else it says stays as it is written.
func without(address string, parameters []string) string {
	base, _, _ := strings.Cut(address, "?")
	scheme, rest, _ := strings.Cut(base, "://")
	if user, place, ok := strings.Cut(rest, "@"); ok {
		user, _, _ = strings.Cut(user, ":")
		rest = user + "@" + place
	}
	if base = scheme + "://" + rest; len(parameters) > 0 {
		base += "?" + strings.Join(parameters, "&")
	}
	return base
}

func isPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// parameter reads name=value, in which a + is a + as everywhere in PostgreSQL.
func parameter(pair string) (name, value string, err error) {
	name, value, _ = strings.Cut(pair, "=")
	if name, err = url.PathUnescape(name); err != nil {
		return "", "", err
	}
	value, err = url.PathUnescape(value)
	return name, value, err
}

// isSecret reports whether the name of a parameter, however it is written, says
// that its value is secret.
func isSecret(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "password") || strings.Contains(name, "secret")
}

// WithoutPassword is the address of a catalog as it may be shown and kept: the
// same where it has no password.
func WithoutPassword(address string) string {
	if address == "" || filepath.IsAbs(address) { // a lake in a folder
		return address
	}
	shown, _, err := readAddress(address)
	if err != nil {
		return "postgres://..."
	}
	return shown
}
