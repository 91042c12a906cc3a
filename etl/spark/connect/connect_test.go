package connect

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func TestAddresses(t *testing.T) {
	t.Setenv(TokenVariable, "")
	for address, want := range map[string]string{
		"sc://lab":                               "lab:15002",
		"sc://lab:/":                             "lab:15002",
		"sc://lab:99/;user_id=me;use_ssl=true":   "lab:99 tls me",
		"sc://lab/;use_ssl=true;user_id=m%3Be;":  "lab:15002 tls m;e",
		"sc://[::1]:99":                          "::1:99",
		"SC://lab":                               "lab:15002",
		"http://lab":                             "no address of a Spark Connect server",
		"lab:15002":                              "no address",
		"sc://":                                  "no address",
		"sc://lab:0":                             "no address",
		"sc://lab:99999":                         "no address",
		"sc://lab;use_ssl=true":                  "no address",
		"sc://lab/use_ssl=true":                  "no address",
		"sc://lab/;use_ssl=True":                 "use_ssl is true or false",
		"sc://lab/;use_ssl=1":                    "use_ssl is true or false",
		"sc://lab/;use_ssl=":                     "use_ssl is true or false",
		"sc://lab/;use_ssl=true;use_ssl=false":   "use_ssl is there twice",
		"sc://lab/;session_id=1":                 "a parameter that is not known",
		"sc://lab:15002/path/;user_id=somewhere": "no address",
	} {
		r, err := parseRemote(address)
		got := ""
		if err != nil {
			got = err.Error()
		} else if got = r.host + ":" + r.port; r.tls {
			got += " tls " + r.user
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

// Wherever in an address a secret stands, the address is refused, and the error
// names the variable that it goes into, and not the secret.
func TestSecretInAddress(t *testing.T) {
	t.Setenv(TokenVariable, "")
	for _, address := range []string{"sc://lab/;token=s3cret", "sc://lab/;Token=s3cret", "sc://lab/;use_ssl=true;token=s3cret",
		"sc://lab/;token%3Ds3cret", "sc://lab/;s3cret", "sc://lab/;s3cret=", "sc://lab?token=s3cret", "sc://lab/?token=s3cret",
		"sc://lab/#token=s3cret", "sc://lab/#s3cret", "sc://lab:15002;token=s3cret", "sc://me:s3cret@lab", "sc://s3cret@lab",
		"sc://me:s3cret%@lab", "sc://lab:s3cret", "sc://me:s3#cret@lab", "s3cret"} {
		_, err := Open(t.Context(), address, nil)
		if err == nil || !strings.Contains(err.Error(), TokenVariable) || strings.Contains(err.Error(), "cret") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A token goes in the clear to this machine, and where the address says so.
func TestTokenIsSecured(t *testing.T) {
	t.Setenv(TokenVariable, "s3cret")
	for address, want := range map[string]bool{"sc://lab": true, "sc://0.0.0.0": true, "sc://lab/;use_ssl=false": false,
		"sc://localhost": false, "sc://LOCALHOST.:9": false, "sc://127.0.0.1:9": false, "sc://[::1]": false,
		"sc://[::ffff:127.0.0.1]": false, "sc://localhost.lab": true} {
		if r, err := parseRemote(address); err != nil || r.tls != want {
			t.Errorf("%s: %+v, %v", address, r, err)
		}
	}
}

// fake is a server that says one version and wants one token.
func fake(t *testing.T, version, token string) (address string) {
	t.Helper()
	return serve(t, func(name string, stream grpc.ServerStream) error {
		if given, _ := metadata.FromIncomingContext(stream.Context()); token != "" &&
			(len(given["authorization"]) == 0 || given["authorization"][0] != "Bearer "+token) {
			return status.Error(codes.Unauthenticated, "Invalid authentication token")
		}
		return tell(stream, name, fields{"sparkVersion": fields{"version": version}})
	})
}

// serve has answer deal with all calls to a server, by the names of their methods.
func serve(t *testing.T, answer func(name string, stream grpc.ServerStream) error) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		name := method[strings.LastIndexByte(method, '/')+1:]
		request, err := message(name+"Request", nil)
		if err != nil {
			return err
		}
		if err := stream.RecvMsg(request); err != nil {
			return err
		}
		return answer(name, stream)
	}))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return "sc://" + listener.Addr().String()
}

// tell sends an answer; only what is asked about plans has something to say.
func tell(stream grpc.ServerStream, name string, f fields) error {
	if name != "AnalyzePlan" && name != "ExecutePlan" {
		f = nil
	}
	m, err := message(name+"Response", f)
	if err != nil {
		return err
	}
	return stream.SendMsg(m)
}

func TestOpen(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "sc://" + free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ address, token, want string }{
		"a server":       {fake(t, "4.1.4", ""), "", ""},
		"with its token": {fake(t, "4.0.1", "right"), "right", ""},
		"nobody there":   {nobody, "", "no server answers there"},
		"old":            {fake(t, "3.5.6", ""), "", "the server runs Spark 3.5.6; the transforms need Spark 4"},
		"no token":       {fake(t, "4.1.4", "right"), "", "the server asks for a token: give it in SPARK_CONNECT_AUTHENTICATE_TOKEN"},
		"wrong token":    {fake(t, "4.1.4", "right"), "wrong", "the server refuses the token in SPARK_CONNECT_AUTHENTICATE_TOKEN"},
		"no TLS there":   {fake(t, "4.1.4", "") + "/;use_ssl=true", "", "the server speaks no TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(TokenVariable, test.token)
			s, err := Open(t.Context(), test.address, map[string]string{"spark.sql.session.timeZone": "UTC"})
			switch {
			case err == nil && test.want != "":
				t.Fatal("it opens")
			case err == nil:
				err = s.Close()
			case test.want != "" && strings.Contains(err.Error(), test.want) && strings.Contains(err.Error(), test.address):
				err = nil
			}
			if err != nil {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// A server that takes the call and never answers is given up with the caller.
func TestSilentServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if _, err := Open(ctx, "sc://"+listener.Addr().String(), nil); err == nil || ctx.Err() == nil {
		t.Errorf("got %v", err)
	}
}

func TestPlaceInStatement(t *testing.T) {
	statement := "select a,\n  nope\nfrom t"
	for said, want := range map[string]string{
		"[UNRESOLVED_COLUMN] `nope` cannot be resolved. SQLSTATE: 42703; line 2 pos 2": "cannot be resolved. SQLSTATE: 42703\n\nline 2: nope",
		"[PARSE_SYNTAX_ERROR] Syntax error. SQLSTATE: 42601 (line 3, pos 0)":           "SQLSTATE: 42601\n\nline 3: from t",
		"[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012":                           "SQLSTATE: 22012",
		"[ODD] beyond the text; line 9 pos 1":                                          "line 9 pos 1",
	} {
		if got := within(statement, &Error{Message: said}).Error(); !strings.HasSuffix(got, want) {
			t.Errorf("%s: got %s", said, got)
		}
	}
}
