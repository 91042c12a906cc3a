package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"

	"alignctl/internal/disk/storetest"
)

// testWarehouse says where the files of the tests' lakes are kept: "s3" is a
// server in this process, of which the folder warehouse is a cache; "" the
// folder itself.
const testWarehouse = "ALIGNCTL_TEST_WAREHOUSE"

func remote() bool { return os.Getenv(testWarehouse) == "s3" }

// serveWarehouse starts the server; child processes find it in their
// environment.
func serveWarehouse() error {
	if !remote() {
		return nil
	}
	server, err := storetest.Start()
	if err != nil {
		return err
	}
	return server.Use()
}

// initHere makes a lake as Init does, with its files where the tests' are.
func initHere(ctx context.Context, dir string) (*Lake, error) {
	if !remote() {
		return Init(ctx, dir)
	}
	sum := sha256.Sum256([]byte(dir))
	return InitAt(ctx, dir, "s3://"+storetest.Bucket+"/"+hex.EncodeToString(sum[:8]))
}
