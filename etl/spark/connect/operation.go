package connect

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"

	"alignctl/internal/progress"
)

// An operation is a plan under way on the server.
type operation struct {
	session *Session
	id      string
	take    func(reply) error // is given each answer
	task    progress.Task
	done    int64 // tasks of Spark's
}

// execute runs a plan to its end; take is given each answer of the server's. A
// plan whose context ends, or that take has enough of, is stopped there.
func (s *Session) execute(ctx context.Context, plan fields, take func(reply) error) error {
	o := &operation{session: s, id: uuid(), take: take, task: progress.Start(ctx, "Spark", 0, "tasks")}
	defer o.task.Done()
	streaming, stop := context.WithCancel(ctx)
	err := s.explain(ctx, o.run(streaming, plan))
	stop() // before an interrupt: rows on their way would keep back its answer
	var said *Error
	switch {
	case Gone(err):
		return fmt.Errorf("lost the connection to Spark at %s: %w", s.remote.text, err)
	case err != nil && !errors.As(err, &said): // it was not the server that ended it
		o.interrupt()
	}
	return err
}

// run gives the answers to take until there are no more, which is io.EOF.
func (o *operation) run(ctx context.Context, plan fields) error {
	request, err := message("ExecutePlanRequest", o.session.request(fields{"operationId": o.id, "plan": plan}))
	if err != nil {
		return err
	}
	stream, err := o.session.conn.NewStream(o.session.authorize(ctx), &grpc.StreamDesc{ServerStreams: true}, service+"ExecutePlan")
	if err != nil {
		return err
	}
	// io.EOF says that the server has something to say about it.
	if err := stream.SendMsg(request); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		answer, err := message("ExecutePlanResponse", nil)
		if err != nil {
			return err
		}
		if err := stream.RecvMsg(answer); err != nil {
			return err
		}
		o.show(reply{answer.ProtoReflect()})
		if err := o.take(reply{answer.ProtoReflect()}); err != nil {
			return err
		}
	}
}

// show tells how many tasks Spark has done; how many there will be it doesn't
// know before.
func (o *operation) show(answer reply) {
	state, ok := answer.in("execution_progress")
	if !ok {
		return
	}
	var done int64
	for _, stage := range state.each("stages") {
		done += stage.number("num_completed_tasks")
	}
	if done > o.done {
		o.task.Add(done - o.done)
		o.done = done
	}
}

// interrupt stops the operation; where it has ended there is nothing to stop.
func (o *operation) interrupt() {
	ctx, stop := context.WithTimeout(context.Background(), Patience)
	defer stop()
	_, _ = o.session.call(ctx, "Interrupt", o.session.request(fields{
		"interruptType": "INTERRUPT_TYPE_OPERATION_ID", "operationId": o.id}))
}
