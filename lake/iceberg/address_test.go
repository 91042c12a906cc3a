package iceberg

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// An address whose secret can't be told from the rest is refused, and the secret
// isn't repeated.
func TestAddressRefused(t *testing.T) {
	for _, address := range []string{"postgres://bob:s3#hush@db/x", "postgres://bob:12#hush@db/x", "postgres://bob:s3?hush@db/x",
		"postgres://bob:12?hush@db/x", "postgres://bob:12/hush@db/x", "postgres://bob:s3@hush@db/x", "postgres://bob:s3%hush@db/x",
		"postgres://%2Frun%2Fhush/x", "postgres://db/x?PASSWORD=hush", "postgres://db/x?Ssl%50assword=hush", "postgres://db/x?sslpassword=hush",
		"postgres://db/x?a=1;password=hush", "postgres://db/x?a=%zz&password=hush", "postgres://db/x#password=hush",
		"host=db password=hush", "POSTGRES://bob:hush@db/x", "mysql://bob:hush@db/x", "postgres://bob:s3 hush@db/x"} {
		shown, _, err := readAddress(address)
		if err == nil || !strings.Contains(err.Error(), "PGPASSWORD") || strings.Contains(err.Error()+WithoutPassword(address), "hush") {
			t.Errorf("%s: %s, %v", address, shown, err)
		}
	}
}

// What is shown of an address leads to where the address leads, as the same user,
// and without its password.
func FuzzAddress(f *testing.F) {
	for _, address := range []string{"postgres://lake@db/x?sslmode=disable", "postgres://lake:s3cret@db:5/x", "postgresql://:s3cret@db",
		"postgres://lake@db/x?password=s3cret&application_name=a%26b&options=-c+x", "postgres:///x?host=/run/pg,db&port=1,2",
		"postgres://lake:%23%40@[::1]:5/x%2Fy", "postgres://a%40b:c@h1,h2/?password=&user=me"} {
		f.Add(address)
	}
	for _, variable := range []string{"HOME", "PGPASSWORD", "PGPASSFILE", "PGUSER", "PGHOST"} {
		f.Setenv(variable, "")
	}
	f.Fuzz(func(t *testing.T, address string) {
		shown, password, err := readAddress(address)
		if err != nil || strings.Contains(address, "service") || strings.Contains(address, "pass%") {
			return // which lead to files of this machine
		}
		if again, rest, err := readAddress(shown); err != nil || again != shown || rest != "" {
			t.Errorf("%q is shown as %q, which is %q, %q, %v", address, shown, again, rest, err)
		}
		given, err := pgx.ParseConfig(address)
		if err != nil {
			return
		}
		kept, err := pgx.ParseConfig(shown)
		if err != nil {
			t.Fatalf("%q is shown as %q, which is no address: %v", address, shown, err)
		}
		if kept.Host != given.Host || kept.Port != given.Port || kept.User != given.User || kept.Database != given.Database ||
			len(kept.Fallbacks) != len(given.Fallbacks) || kept.Password != "" || given.Password != password {
			t.Errorf("%q leads to %s %s:%d %s, %q to %s %s:%d %s; passwords %q, %q, %q", address, given.User, given.Host, given.Port, given.Database,
				shown, kept.User, kept.Host, kept.Port, kept.Database, given.Password, kept.Password, password)
		}
	})
}
