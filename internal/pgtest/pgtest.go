// Package pgtest runs a PostgreSQL server for tests, from the Debian package or
// whatever else put its programs on this machine.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ErrNone says that this machine has no PostgreSQL server.
var ErrNone = errors.New("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")

// The user and password of a test's server.
const (
	User     = "lake"
	Password = "secret of the lake"
)

// A Server is a running server, for connections from this machine.
type Server struct {
	Port int
	dir  string // of its data
	bin  string
	as   *syscall.SysProcAttr // who runs it: it refuses root

	// The watch ends the server and removes the folder as soon as lifeline is
	// closed, be it by the end of this process.
	watch    *exec.Cmd
	lifeline io.Closer
}

// Start makes a server in a folder. Both go with Stop, or with this process,
// however that ends. It is ErrNone where no program of PostgreSQL is found.
func Start(ctx context.Context) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "alignctl-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Stop(), os.RemoveAll(dir))
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) (err error) {
	if s.as, err = owner(s.dir); err != nil {
		return err
	}
	if err := s.guard(); err != nil {
		return err
	}
	if s.Port, err = freePort(); err != nil {
		return err
	}
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(Password), 0o644); err != nil {
		return err
	}
	if err := s.run(ctx, "initdb", "--pgdata", s.data(), "--username", User, "--pwfile", secret,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"); err != nil {
		return err
	}
	return s.Up(ctx)
}

// watchScript waits for the end of its input. Signals to the test's process group
// aren't for it.
const watchScript = `trap "" INT TERM HUP; cat; "$1/pg_ctl" --pgdata "$2/data" --mode immediate --wait stop; rm -rf "$2"`

// guard starts the watch.
func (s *Server) guard() (err error) {
	s.watch = exec.Command("sh", "-c", watchScript, "watch", s.bin, s.dir)
	s.watch.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.as != nil {
		s.watch.SysProcAttr.Credential = s.as.Credential
	}
	if s.lifeline, err = s.watch.StdinPipe(); err != nil {
		return err
	}
	return s.watch.Start()
}

// The variables by which child processes find a server, and get in.
const (
	portVariable     = "ALIGNCTL_TEST_POSTGRES"
	passwordVariable = "PGPASSWORD"
)

// Use puts the server into the environment of the process.
func (s *Server) Use() error {
	return errors.Join(os.Setenv(portVariable, strconv.Itoa(s.Port)), os.Setenv(passwordVariable, Password))
}

// Running is the server that a parent process uses.
func Running() (*Server, error) {
	port, err := strconv.Atoi(os.Getenv(portVariable))
	if err != nil {
		return nil, fmt.Errorf("find the tests' PostgreSQL server: %w", err)
	}
	bin, err := programs()
	return &Server{Port: port, bin: bin}, err
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Up starts the server, which was down.
func (s *Server) Up(ctx context.Context) error {
	options := fmt.Sprintf("-c port=%d -c listen_addresses=127.0.0.1 -c unix_socket_directories=%s -c max_connections=200", s.Port, s.dir)
	return s.run(ctx, "pg_ctl", "--pgdata", s.data(), "--wait", "--log", filepath.Join(s.dir, "log"), "--options", options, "start")
}

// Crash ends the server as a crash of it does: no transaction is finished, each
// connection ends.
func (s *Server) Crash(ctx context.Context) error {
	return s.run(ctx, "pg_ctl", "--pgdata", s.data(), "--wait", "--mode", "immediate", "stop")
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() error {
	if s.lifeline == nil {
		return nil
	}
	return errors.Join(s.lifeline.Close(), s.watch.Wait())
}

// Address is that of a database, at a port that leads to the server.
func (s *Server) Address(database string, port int) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", User, port, database)
}

// Create makes an empty database. The variable PGPASSWORD lets clients in.
func (s *Server) Create(ctx context.Context, database string) error {
	return s.client(ctx, "createdb", database)
}

// Copy makes a database that holds what another one does, to which nobody is
// connected.
func (s *Server) Copy(ctx context.Context, from, to string) error {
	return s.client(ctx, "createdb", "--template", from, "--strategy", "file_copy", to)
}

// Drop removes a database, whoever is connected to it.
func (s *Server) Drop(ctx context.Context, database string) error {
	return s.client(ctx, "dropdb", "--force", database)
}

func (s *Server) client(ctx context.Context, program string, args ...string) error {
	return s.run(ctx, program, append([]string{"--host", "127.0.0.1", "--port", strconv.Itoa(s.Port), "--username", User}, args...)...)
}

// run runs a program of PostgreSQL.
func (s *Server) run(ctx context.Context, program string, args ...string) error {
	c := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	c.Dir, c.SysProcAttr = s.dir, s.as // of a parent's server: here, and whoever this is
	c.Env = append(os.Environ(), "PGPASSWORD="+Password, "LC_ALL=C")
	var said strings.Builder
	log, err := os.CreateTemp("", "alignctl-postgres-") // not a pipe, which the server would keep open
	if err != nil {
		return err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	if err := c.Run(); err != nil {
		if text, readErr := os.ReadFile(log.Name()); readErr == nil {
			said.Write(text)
		}
		return fmt.Errorf("%s: %w: %s", program, err, said.String())
	}
	return nil
}

// programs is the folder of PostgreSQL's programs.
func programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		path, err := filepath.EvalSymlinks(path) // the others are beside what it leads to
		return filepath.Dir(path), err
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // where Debian has them
	if len(found) == 0 {
		return "", ErrNone
	}
	return filepath.Dir(slices.Max(found)), nil
}

// owner is who may run the server: not root, so the folder goes to the user that
// the package made.
func owner(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL doesn't run as root: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	as := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return as, errors.Join(os.Chmod(dir, 0o755), os.Chown(dir, int(uid), int(gid)))
}

// freePort finds a port that nobody listens on.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
