package batch

import "context"

// An Ahead makes a feed's batches before they are asked for, so that the device
// doesn't wait for them. The feed is its own until Close.
type Ahead struct {
	made    chan result
	stop    context.CancelFunc
	stopped chan struct{}
}

type result struct {
	batch Batch
	err   error
}

// NewAhead starts to make up to depth batches in advance.
func NewAhead(feed *Feed, depth int) *Ahead {
	ctx, stop := context.WithCancel(context.Background())
	a := &Ahead{made: make(chan result, depth), stop: stop, stopped: make(chan struct{})}
	go func() {
		defer close(a.stopped)
		for r := (result{}); ; {
			if r.err == nil { // an error stays, however often it is asked for
				r.batch, r.err = feed.Next()
			}
			select {
			case a.made <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	return a
}

// Next gives the next batch, in the feed's order.
func (a *Ahead) Next(ctx context.Context) (Batch, error) {
	select {
	case r := <-a.made:
		return r.batch, r.err
	case <-ctx.Done():
		return Batch{}, ctx.Err()
	}
}

// Close ends the work; batches made in advance are dropped.
func (a *Ahead) Close() {
	a.stop()
	<-a.stopped
}
