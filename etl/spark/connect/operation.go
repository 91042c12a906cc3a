package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"

	"alignctl/internal/progress"
)

// An operation that is to be stopped may go on planning for so long, is left
// alone for so long after a stage of it is seen, and is waited for so long once
// it is interrupted.
const (
	planning = 15 * time.Second
	settling = time.Second
	ending   = 5 * time.Second
)

// An operation is a plan under way on the server.
type operation struct {
	session *Session
	id      string
	task    progress.Task
	done    int64 // tasks of Spark's

	seen    bool          // a stage of it
	settled chan struct{} // closed when its stages run
	over    chan struct{} // closed when the server has no more to say
}

// execute runs a plan to its end; take is given each answer of the server's. A
// plan whose context ends, or that take has enough of, is stopped there.
func (s *Session) execute(ctx context.Context, plan fields, take func(reply) error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	o := &operation{session: s, id: uuid(), task: progress.Start(ctx, "Spark", 0, "tasks"),
		settled: make(chan struct{}), over: make(chan struct{})}
	defer o.task.Done()
	wanted, enough := context.WithCancelCause(ctx)
	defer enough(nil)
	streaming, hangUp := context.WithCancel(context.WithoutCancel(ctx)) // the server has the last word
	defer hangUp()
	defer context.AfterFunc(wanted, func() { o.stop(hangUp) })()
	err := o.run(streaming, plan, func(answer reply) {
		if wanted.Err() != nil { // it was on its way
			return
		}
		if err := take(answer); err != nil {
			enough(err)
		}
	})
	close(o.over)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case wanted.Err() != nil:
		return context.Cause(wanted)
	}
	if err = s.explain(ctx, err); Gone(err) {
		return fmt.Errorf("lost the connection to Spark at %s: %w", s.remote.text, err)
	}
	return err
}

// run gives the answers to take until there are no more, which is io.EOF.
func (o *operation) run(ctx context.Context, plan fields, take func(reply)) error {
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
		take(reply{answer.ProtoReflect()})
	}
}

// show tells how many tasks Spark has done; how many there will be it doesn't
// know before.
func (o *operation) show(answer reply) {
	state, ok := answer.in("execution_progress")
	if !ok {
		return
	}
	if !o.seen && len(state.each("stages")) > 0 {
		o.seen = true
		time.AfterFunc(settling, func() { close(o.settled) })
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

// stop ends the operation on the server; where it has ended there is nothing to
// do. An interrupt ends it while it still plans, but not the stages that it was
// about to begin, which run on then with nobody to stop them. So it is only
// interrupted once they run.
func (o *operation) stop(hangUp func()) {
	defer hangUp()
	if o.pause(o.settled, planning) {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), Patience)
	defer stop()
	_, _ = o.session.call(ctx, "Interrupt", o.session.request(fields{
		"interruptType": "INTERRUPT_TYPE_OPERATION_ID", "operationId": o.id}))
	if !o.pause(nil, ending) {
		o.session.left.Store(true)
	}
}

// pause waits for something, but no longer than until the operation is over,
// which it reports.
func (o *operation) pause(until <-chan struct{}, atMost time.Duration) (over bool) {
	select {
	case <-o.over:
		return true
	case <-until:
	case <-time.After(atMost):
	}
	return false
}
