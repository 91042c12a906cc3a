package train

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// A chunk is some inputs on their way through inOrder.
type chunk[In, Out any] struct {
	in   []In
	out  []Out
	done chan error // holds what work said, when out is ready
}

// chunkSize makes handing over cheap beside the work.
const chunkSize = 64

// inOrder puts all that read visits through work, on every processor, and hands
// the results to take one at a time, in the order of reading. Only a few chunks
// are under way at once. The first error ends it.
func inOrder[In, Out any](
	ctx context.Context, read func(ctx context.Context, visit func(In) error) error,
	work func(In) (Out, error), take func(Out) error,
) error {
	workers := runtime.GOMAXPROCS(0)
	waiting := make(chan *chunk[In, Out], workers)
	ordered := make(chan *chunk[In, Out], 2*workers)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(waiting)
		defer close(ordered)
		return readChunks(ctx, read, waiting, ordered)
	})
	for range workers {
		group.Go(func() error {
			for c := range waiting {
				c.done <- c.run(work)
			}
			return nil
		})
	}
	group.Go(func() error { return takeChunks(ctx, ordered, take) })
	return group.Wait()
}

// readChunks cuts what read visits into chunks and sends each to both channels.
func readChunks[In, Out any](
	ctx context.Context, read func(context.Context, func(In) error) error, channels ...chan<- *chunk[In, Out],
) error {
	c := &chunk[In, Out]{done: make(chan error, 1)}
	send := func() error {
		for _, to := range channels {
			select {
			case to <- c:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		c = &chunk[In, Out]{done: make(chan error, 1)}
		return nil
	}
	err := read(ctx, func(in In) error {
		if c.in = append(c.in, in); len(c.in) < chunkSize {
			return nil
		}
		return send()
	})
	if err != nil {
		return err
	}
	return send()
}

func (c *chunk[In, Out]) run(work func(In) (Out, error)) error {
	for _, in := range c.in {
		out, err := work(in)
		if err != nil {
			return err
		}
		c.out = append(c.out, out)
	}
	return nil
}

// takeChunks hands on the chunks' results as they come in order.
func takeChunks[In, Out any](ctx context.Context, ordered <-chan *chunk[In, Out], take func(Out) error) error {
	for c := range ordered {
		select {
		case err := <-c.done:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		for _, out := range c.out {
			if err := take(out); err != nil {
				return err
			}
		}
	}
	return nil
}
