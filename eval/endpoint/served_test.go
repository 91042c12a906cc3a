package endpoint_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alignctl/eval"
	"alignctl/eval/endpoint"
)

// A server that somebody else wrote (the command transformers, at
// $ALIGNCTL_SERVER) gives the answers that the same model gives here, by chat and
// by completions, and refuses what it doesn't offer.
func TestServedModelSaysWhatItSaysHere(t *testing.T) {
	command, ok := os.LookupEnv("ALIGNCTL_SERVER")
	if !ok {
		t.Skip("ALIGNCTL_SERVER is not set: make test-server brings one")
	}
	models, ok := os.LookupEnv("ALIGNCTL_TESTMODELS")
	if !ok {
		t.Skip("ALIGNCTL_TESTMODELS is not set: no model to serve")
	}
	folder := filepath.Join(models, "smollm2")
	o := endpoint.Options{URL: serve(t, command, folder), Model: folder, Attempts: 2,
		Timeout: 10 * time.Minute} // it may share the processors with much else
	asked := questions("sky", "sea", "bread", "winter", "doctor", "music")
	d := eval.Decoding{MaxNewTokens: 24}
	want := here(t, folder, asked, d)

	chat, err := ask(t, o, asked, d)
	if err != nil {
		t.Fatal(err)
	}
	o.API, o.Template = endpoint.Completions, folder
	completions, err := ask(t, o, asked, d)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range asked {
		for api, got := range map[string]*eval.Reply{endpoint.Chat: chat[i], endpoint.Completions: completions[i]} {
			if diff := cmp.Diff(want[i].Text, got.Text); diff != "" {
				t.Errorf("%s about %s (-here +there):\n%s", api, c.ID, diff)
			}
		}
	}

	o.Model, o.Template = "no-such-model", ""
	if _, err := ask(t, o, asked[:1], d); err == nil || !strings.Contains(err.Error(), "no-such-model") {
		t.Errorf("a name that the server doesn't know: %v", err)
	}
}

// here are the answers of the model's folder, on the Go backend.
func here(t *testing.T, folder string, asked []eval.Conversation, d eval.Decoding) []eval.Reply {
	m, err := eval.LocalOptions{Path: folder, Backend: "go"}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	replies := make([]eval.Reply, len(asked))
	if err := m.Ask(t.Context(), asked, d, func(i int, r eval.Reply) { replies[i] = r }); err != nil {
		t.Fatal(err)
	}
	return replies
}

// serve starts the server with a model, and waits until it answers.
func serve(t *testing.T, command, folder string) (url string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, command, "serve", folder, "--host", "127.0.0.1", "--port", fmt.Sprint(port), "--device", "cpu")
	server.Env = append(os.Environ(), "HF_HUB_OFFLINE=1")
	server.Stderr = t.Output()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = server.Wait() // killed
	})
	url = fmt.Sprintf("http://127.0.0.1:%d", port)
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Second) {
		response, err := http.Get(url + "/health")
		if err != nil {
			continue
		}
		_ = response.Body.Close()
		return url + "/v1"
	}
	t.Fatal("the server doesn't start")
	return ""
}
