package main

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// A browsed is an alignctl ui at work in a script, and a browser at its address.
type browsed struct {
	process *exec.Cmd
	first   *url.URL
	client  *http.Client
}

// browsing is the key of a script's ui among the values of its environment.
type browsing struct{}

// uiScript is the script command `ui ARG...`: it starts alignctl ui and waits for the
// address that it prints: $UI.
func uiScript(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: ui ARG...")
	}
	program, err := exec.LookPath("alignctl")
	ts.Check(err)
	b := &browsed{process: exec.Command(program, append([]string{"ui"}, args...)...)}
	b.process.Dir = ts.MkAbs(".")
	b.process.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "ALIGNCTL_LAKE=")
	out, err := b.process.StdoutPipe()
	ts.Check(err)
	ts.Check(b.process.Start())
	ts.Defer(func() { _ = b.process.Process.Kill() }) // where the script didn't stop it
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	b.first, err = url.Parse(strings.TrimSpace(line))
	ts.Check(err)
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	b.client = &http.Client{Jar: jar}
	ts.Setenv("UI", b.first.String())
	ts.Setenv("UI_PORT", b.first.Port())
	ts.Value(browsing{}).(map[string]*browsed)["ui"] = b
}

// fetch is the script command `fetch STATUS PATH FILE`: it asks the ui for a
// page and writes what comes to a file. PATH may be a whole address.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: fetch STATUS PATH FILE")
	}
	b := ts.Value(browsing{}).(map[string]*browsed)["ui"]
	address, err := b.first.Parse(args[1])
	ts.Check(err)
	answer, err := b.client.Get(address.String())
	ts.Check(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), body, 0o644))
	if got := strconv.Itoa(answer.StatusCode); got != args[0] {
		ts.Fatalf("%s gave %s, want %s: %s", args[1], got, args[0], body)
	}
}

// interrupt is the script command `interrupt CODE`: it sends the ui a Ctrl-C
// and sees that it ends with that code.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: interrupt CODE")
	}
	b := ts.Value(browsing{}).(map[string]*browsed)["ui"]
	ts.Check(b.process.Process.Signal(os.Interrupt))
	var exit *exec.ExitError
	if err := b.process.Wait(); !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != args[0] {
		ts.Fatalf("alignctl ui ended with %v, want code %s", err, args[0])
	}
}
