package iceberg

import "testing"

// No form of an address shows its password, and one without stays as it is.
func TestWithoutPassword(t *testing.T) {
	for address, want := range map[string]string{
		"":                                 "",
		"postgres://lake@db/x?sslmode=off": "postgres://lake@db/x?sslmode=off",
		"postgres://lake:s3cret@db:5/x":    "postgres://lake@db:5/x",
		"postgres://lake@db/x?password=s3cret&sslmode=off": "postgres://lake@db/x?sslmode=off",
		"postgres://lake@db/x?sslpassword=s3cret":          "postgres://lake@db/x",
		"postgres://lake:s3%ret@db/x":                      "postgres://...",
	} {
		if got := WithoutPassword(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
