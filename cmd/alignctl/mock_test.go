package main

import (
	"github.com/rogpeppe/go-internal/testscript"

	"alignctl/eval/endpointtest"
)

// mock is the script command `mock`: it starts servers that speak the OpenAI API,
// at $MOCK and, with a certificate that nobody trusts, at $MOCK_TLS. What goes
// wrong there is the first part of a path, such as $MOCK/busy/v1: see
// endpointtest.Faults.
func mock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: mock")
	}
	for name, server := range map[string]*endpointtest.Server{"MOCK": endpointtest.New(), "MOCK_TLS": endpointtest.NewTLS()} {
		ts.Setenv(name, server.URL)
		ts.Defer(func() {
			server.CloseClientConnections()
			server.Close()
		})
	}
}
