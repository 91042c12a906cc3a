package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
)

// An Error is what the server says went wrong.
type Error struct {
	Class   string // Spark's name of the error, such as TABLE_OR_VIEW_NOT_FOUND, or ""
	Message string
	// Line is what stands at the place of the fault in the statement, or "".
	Line   string
	status *status.Status
}

// Error is Spark's message and the line of the statement that it is about.
func (e *Error) Error() string {
	if e.Line == "" {
		return "Spark: " + e.Message
	}
	return "Spark: " + e.Message + "\n\n" + e.Line
}

// GRPCStatus is how the call ended.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// explain turns the end of a call into an error, nil where it ended well. A call
// that ended because its context did says so.
func (s *Session) explain(ctx context.Context, err error) error {
	if err == nil || err == io.EOF { // one within another error is of what came, not of the call
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ended, fromServer := status.FromError(err)
	if !fromServer {
		return err
	}
	e := &Error{Message: firstLine(ended.Message()), status: ended}
	for _, detail := range ended.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			e.Class = info.GetMetadata()["errorClass"]
			if message := s.details(info.GetMetadata()["errorId"]); message != "" {
				e.Message = firstLine(message)
			}
		}
	}
	return e
}

// details asks for the message of an error, which the error itself has only in
// part; "" where the server doesn't tell. Of several causes, the last is what
// happened.
func (s *Session) details(id string) string {
	if id == "" {
		return ""
	}
	ctx, stop := context.WithTimeout(context.Background(), Patience)
	defer stop()
	f := s.request(fields{"errorId": id})
	request, err := message("FetchErrorDetailsRequest", f)
	if err != nil {
		return ""
	}
	answer, err := message("FetchErrorDetailsResponse", nil)
	if err != nil || s.conn.Invoke(s.authorize(ctx), service+"FetchErrorDetails", request, answer) != nil {
		return ""
	}
	causes := reply{answer.ProtoReflect()}.each("errors")
	for _, cause := range causes {
		if throwable, known := cause.in("spark_throwable"); known && throwable.text("error_class") != "" {
			return cause.text("message")
		}
	}
	if len(causes) == 0 {
		return ""
	}
	return causes[len(causes)-1].text("message")
}

// placed matches the place of a fault, as Spark tells it: a line of the
// statement, 1 the first.
var placed = regexp.MustCompile(`[;(] ?line (\d+),? pos \d+\)?$`)

// within shows the line of a statement at which an error of Spark's lies.
func within(statement string, err error) error {
	var said *Error
	if !errors.As(err, &said) {
		return err
	}
	match := placed.FindStringSubmatch(said.Message)
	if match == nil {
		return err
	}
	number, _ := strconv.Atoi(match[1])
	if lines := strings.Split(statement, "\n"); number >= 1 && number <= len(lines) {
		said.Message = strings.TrimRight(strings.TrimSuffix(said.Message, match[0]), "; ")
		said.Line = fmt.Sprintf("line %d: %s", number, strings.TrimSpace(lines[number-1]))
	}
	return err
}

// firstLine is a message without what follows: the plan, and the place in the
// statement, which the caller shows.
func firstLine(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	return strings.TrimSuffix(strings.TrimSpace(line), ";")
}
