// Package connect speaks Spark Connect, the protocol by which a program runs
// SQL on a Spark server: statements, rows that come as a stream of Arrow record
// batches, and tables that the program brings.
//
// It is the only room that imports spark-connect-go, for the messages of the
// protocol.
package connect

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Patience is how long a server may take to answer the first call, and the last
// one.
const Patience = 20 * time.Second

// pulse is how often a server that works without a word is asked whether it still
// lives; Spark's takes it amiss more than once in five minutes.
const pulse = 6 * time.Minute

// largest is how large a message may be: the server's own bound.
const largest = 128 << 20

// A Session is a session on a Spark server. It is for one goroutine, but that
// the rows of one query may be read while others wait.
type Session struct {
	remote  *remote
	conn    *grpc.ClientConn
	id      string
	version string
	left    atomic.Bool // an operation that didn't end when it was stopped
}

// Open opens a session, in which settings are set. A server that isn't there,
// refuses the token, or runs another version than 4 is an error with its cure.
func Open(ctx context.Context, address string, settings map[string]string) (*Session, error) {
	r, err := parseRemote(address)
	if err != nil {
		return nil, fmt.Errorf("read the address of Spark: %w", err) // which isn't shown: it may hold a secret
	}
	secured := insecure.NewCredentials()
	if r.tls {
		secured = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	}
	conn, err := grpc.NewClient("passthrough:///"+net.JoinHostPort(r.host, r.port), grpc.WithTransportCredentials(secured),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largest), grpc.MaxCallSendMsgSize(largest)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pulse, Timeout: Patience}))
	if err != nil {
		return nil, fmt.Errorf("connect to Spark at %s: %w", address, err)
	}
	s := &Session{remote: r, conn: conn, id: uuid()}
	if err := s.begin(ctx, settings); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to Spark at %s: %w", address, err), conn.Close())
	}
	return s, nil
}

// begin asks the server for its version and sets the settings.
func (s *Session) begin(ctx context.Context, settings map[string]string) error {
	waiting, stop := context.WithTimeout(ctx, Patience)
	defer stop()
	answer, err := s.call(waiting, "AnalyzePlan", s.request(fields{"sparkVersion": fields{}}))
	if err != nil {
		return s.cure(err)
	}
	if version, ok := answer.in("spark_version"); ok {
		s.version = version.text("version")
	}
	if !strings.HasPrefix(s.version, "4.") {
		return fmt.Errorf("the server runs Spark %s; the transforms need Spark 4 (tested with 4.1)", s.version)
	}
	for key, value := range settings {
		if err := s.Set(waiting, key, value); err != nil {
			return fmt.Errorf("set %s: %w", key, err)
		}
	}
	return nil
}

// Set sets a setting of the session.
func (s *Session) Set(ctx context.Context, key, value string) error {
	pairs := []fields{{"key": key, "value": value}}
	_, err := s.call(ctx, "Config", s.request(fields{"operation": fields{"set": fields{"pairs": pairs}}}))
	return err
}

// cure says what to do about a server that doesn't answer as one should.
func (s *Session) cure(err error) error {
	switch code := codeOf(err); {
	case code == codes.Unavailable && strings.Contains(err.Error(), "tls:"):
		return fmt.Errorf("%w: the server speaks no TLS, or its certificate isn't trusted here (parameter use_ssl)", err)
	case code == codes.Unavailable || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no server answers there (%w); start one with "+
			"$SPARK_HOME/sbin/start-connect-server.sh", err)
	case code == codes.Unauthenticated || code == codes.PermissionDenied:
		if s.remote.token == "" {
			return fmt.Errorf("the server asks for a token: give it in %s (%w)", TokenVariable, err)
		}
		return fmt.Errorf("the server refuses the token in %s (%w)", TokenVariable, err)
	case code == codes.Unimplemented:
		return fmt.Errorf("what listens there is no Spark Connect server of version 4 (%w)", err)
	}
	return err
}

// Version is the server's, such as 4.1.4.
func (s *Session) Version() string { return s.version }

// Close ends the session; what it made on the server is gone.
func (s *Session) Close() error {
	ctx, stop := context.WithTimeout(context.Background(), Patience)
	defer stop()
	_, err := s.call(ctx, "ReleaseSession", s.request(nil))
	if Gone(err) || s.left.Load() { // Spark can't close a session in which an operation still plans
		err = nil
	}
	return errors.Join(err, s.conn.Close())
}

// Gone reports whether an error says that the server is gone, and the session
// with it.
func Gone(err error) bool { return codeOf(err) == codes.Unavailable }

// request adds to a message what every one says: whose session it is about.
func (s *Session) request(f fields) fields {
	all := fields{"sessionId": s.id, "userContext": fields{"userId": s.remote.user}, "clientType": "alignctl"}
	for name, value := range f {
		all[name] = value
	}
	return all
}

const service = "/spark.connect.SparkConnectService/"

// call makes a call of one answer.
func (s *Session) call(ctx context.Context, method string, f fields) (reply, error) {
	request, err := message(method+"Request", f)
	if err != nil {
		return reply{}, err
	}
	answer, err := message(method+"Response", nil)
	if err != nil {
		return reply{}, err
	}
	if err := s.conn.Invoke(s.authorize(ctx), service+method, request, answer); err != nil {
		return reply{}, s.explain(ctx, err)
	}
	return reply{answer.ProtoReflect()}, nil
}

func (s *Session) authorize(ctx context.Context) context.Context {
	if s.remote.token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+s.remote.token)
}

// uuid makes a random UUID (version 4), as the server wants ids.
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// codeOf is the gRPC code of an error, also of a wrapped one.
func codeOf(err error) codes.Code { return status.Code(err) }

// Here reports whether the server's address is one of this machine's own.
func (s *Session) Here() bool { return loopback(s.remote.host) }
