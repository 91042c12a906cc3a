package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"alignctl/lake"
)

// The environment of a child process of a test: what it does, on which lake,
// and with which options, as JSON.
const (
	childRole    = "ALIGNCTL_TEST_ROLE"
	childLake    = "ALIGNCTL_TEST_LAKE"
	childOptions = "ALIGNCTL_TEST_OPTIONS"
)

// TestMain runs a role instead of the tests in a child process.
func TestMain(m *testing.M) {
	role, ok := map[string]func(context.Context, *lake.Lake, SFTOptions) error{
		"train": trainOrResume, "fill": fillDisk,
	}[os.Getenv(childRole)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := inChild(role); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func inChild(role func(context.Context, *lake.Lake, SFTOptions) error) (err error) {
	var o SFTOptions
	if err := json.Unmarshal([]byte(os.Getenv(childOptions)), &o); err != nil {
		return err
	}
	l, err := lake.Open(context.Background(), os.Getenv(childLake))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return role(context.Background(), l, o)
}

// child is this test binary, to be started in a role.
func child(t *testing.T, role string, l *lake.Lake, o SFTOptions) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	options, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), childRole+"="+role, childLake+"="+l.Dir(), childOptions+"="+string(options))
	return c
}

// trainOrResume goes on with the run that writes to the options' folder, or
// starts it when there is no checkpoint yet.
func trainOrResume(ctx context.Context, l *lake.Lake, o SFTOptions) error {
	if steps, err := checkpointsOf(o.Out).steps(); err != nil || len(steps) == 0 {
		_, err := Run(ctx, l, &o)
		return err
	}
	_, err := goOn(ctx, l, o.Out)
	return err
}
