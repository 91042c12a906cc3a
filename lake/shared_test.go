package lake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"alignctl/internal/pgtest"
)

// testCatalog says where the catalogs of the tests' lakes are: "postgres" is a
// server that the tests start, of which each lake has a database; "" a file in
// the lake's folder.
const testCatalog = "ALIGNCTL_TEST_CATALOG"

func sharing() bool { return os.Getenv(testCatalog) == "postgres" }

// server is the one PostgreSQL server of the test process.
var server struct {
	once sync.Once
	*pgtest.Server
	err error
}

// startServer starts the server when it is first needed; child processes find it
// in their environment.
func startServer() error {
	server.once.Do(func() {
		server.Server, server.err = pgtest.Start(context.Background())
		if server.err == nil {
			server.err = server.Use()
		}
	})
	return server.err
}

// serveCatalogs starts the server where the tests' catalogs are there.
func serveCatalogs() error {
	if !sharing() {
		return nil
	}
	return startServer()
}

// stopServer ends the server.
func stopServer() {
	if server.Server == nil {
		return
	}
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// newCatalog makes a database of its own for a test, which skips where this
// machine has no server.
func newCatalog(t testing.TB) string {
	t.Helper()
	err := startServer()
	if errors.Is(err, pgtest.ErrNone) {
		t.Skip(err)
	}
	name := "t" + randomHex(8)
	if err == nil {
		err = server.Create(t.Context(), name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return server.Address(name, server.Port)
}

// fileCatalogOnly skips a test that is about catalog.db or the locks of one
// machine.
func fileCatalogOnly(t *testing.T, why string) {
	t.Helper()
	if sharing() {
		t.Skip("catalog on a server: " + why)
	}
}
