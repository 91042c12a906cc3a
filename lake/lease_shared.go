package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"alignctl/internal/progress"
	"alignctl/lake/iceberg"
)

// A sharedLease is a row of the catalog, which a goroutine keeps alive.
type sharedLease struct {
	catalog *iceberg.Catalog
	id      string
	holder  Holder
	stop    context.CancelFunc
	stopped chan struct{}
}

func (l *Lake) takeShared(ctx context.Context, h Holder, mark time.Time) (*sharedLease, error) {
	content, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	row, err := l.catalog.TakeLease(ctx, string(content), mark)
	if err != nil {
		return nil, err
	}
	// What the beats wait for the holder waits for, too, and shows.
	beating, stop := context.WithCancel(progress.With(context.WithoutCancel(ctx), nil))
	s := &sharedLease{catalog: l.catalog, id: row.ID, holder: h, stop: stop, stopped: make(chan struct{})}
	go s.beat(beating)
	return s, nil
}

// beat keeps the lease alive. What goes wrong is told by what the holder does
// next: a publish sees whether the lease is alive.
func (s *sharedLease) beat(ctx context.Context) {
	defer close(s.stopped)
	tick := time.NewTicker(iceberg.LeaseBeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if errors.Is(s.catalog.KeepLease(ctx, s.id), iceberg.ErrLeaseLost) {
				return
			}
		}
	}
}

func (s *sharedLease) renew(ctx context.Context, mark time.Time) error {
	return s.catalog.RenewLease(ctx, s.id, mark)
}

func (s *sharedLease) add(ctx context.Context, pin Pin) error {
	holder := s.holder.with(pin)
	content, err := json.Marshal(holder)
	if err == nil {
		err = s.catalog.DescribeLease(ctx, s.id, string(content))
	}
	if err == nil {
		s.holder = holder
	}
	return err
}

func (s *sharedLease) key() string { return s.id }

func (s *sharedLease) end() error {
	s.stop()
	<-s.stopped
	s.catalog.EndLease(context.Background(), s.id)
	return nil
}

func (l *Lake) sharedHolders(ctx context.Context) ([]Holder, error) {
	rows, err := l.catalog.Leases(ctx)
	if err != nil {
		return nil, err
	}
	holders := make([]Holder, len(rows))
	for i, row := range rows {
		if err := json.Unmarshal([]byte(row.Holder), &holders[i]); err != nil {
			return nil, fmt.Errorf("list leases: lease %s: %w", row.ID, err)
		}
		holders[i].Began, holders[i].Since = row.Began, row.Since
	}
	return holders, nil
}
