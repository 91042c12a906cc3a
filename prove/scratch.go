package prove

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alignctl/internal/progress"
	"alignctl/lake"
)

// A scratch lake holds the chain as it is made again, and remembers each state
// that its tables were in: a build may have read an older one.
type scratch struct {
	from, lake *lake.Lake
	states     map[string][]state         // by table, oldest first
	made       map[string]*lake.TableNode // what stands there for a scope of the chain, by the chain's id
}

// A state is a table at a snapshot, and what its scopes hold.
type state struct {
	pin    lake.Pin
	scopes map[string]lake.TableNode
}

func newScratch(from, to *lake.Lake) *scratch {
	return &scratch{from: from, lake: to, states: map[string][]state{}, made: map[string]*lake.TableNode{}}
}

// note remembers the tables that have moved.
func (s *scratch) note(ctx context.Context) error {
	pins, err := s.lake.At(ctx, "")
	if err != nil {
		return err
	}
	for name, pin := range pins {
		states := s.states[name]
		if strings.HasPrefix(name, "meta.") || len(states) > 0 && states[len(states)-1].pin == pin {
			continue
		}
		scopes, err := s.lake.Scopes(ctx, name, pin.Snapshot)
		if err != nil {
			return err
		}
		now := state{pin: pin, scopes: map[string]lake.TableNode{}}
		for _, n := range scopes {
			now.scopes[n.Scope] = n
		}
		s.states[name] = append(states, now)
	}
	return nil
}

func key(n *lake.TableNode) string { return fmt.Sprintf("%s@%d[%s]", n.Table, n.Snapshot, n.Scope) }

// rebuilt is what stands in the scratch lake for a scope that was just made
// again; a scope without rows has no digest.
func (s *scratch) rebuilt(n *lake.TableNode) lake.TableNode {
	var found lake.TableNode
	if states := s.states[n.Table]; len(states) > 0 {
		found = states[len(states)-1].scopes[n.Scope]
	}
	s.made[key(n)] = &found
	return found
}

// provide copies from the lake those scopes that weren't made again.
func (s *scratch) provide(ctx context.Context, scopes []*lake.TableNode) error {
	for _, n := range scopes {
		if s.made[key(n)] != nil {
			continue
		}
		if err := s.copy(ctx, n); err != nil {
			return fmt.Errorf("copy %s: %w", key(n), err)
		}
	}
	return nil
}

// pins gives, for each table, the version that held just these scopes as they
// were made again; of the tables in seen, just the scope there.
func (s *scratch) pins(tables map[string][]*lake.TableNode, seen map[string]string) (lake.Pins, error) {
	pins := lake.Pins{}
	for name, scopes := range tables {
		want := map[string]string{}
		for _, n := range scopes {
			if digest := s.made[key(n)].Digest; digest != "" {
				want[n.Scope] = digest
			}
		}
		states := s.states[name]
		at := slices.IndexFunc(states, func(at state) bool { return at.holds(want, seen[name]) })
		if at < 0 {
			return nil, fmt.Errorf("the scratch lake never held %s as this run read it", name)
		}
		pins[name] = states[at].pin
	}
	return pins, nil
}

// holds says whether the table held just the scopes with these digests, others
// than the one seen left aside.
func (s state) holds(want map[string]string, seen string) bool {
	have := map[string]string{}
	for scope, n := range s.scopes {
		if seen == "" || scope == seen {
			have[scope] = n.Digest
		}
	}
	return maps.Equal(want, have)
}

// copy takes a scope as the lake has it.
func (s *scratch) copy(ctx context.Context, n *lake.TableNode) (err error) {
	task := progress.Start(ctx, "copy "+key(n), n.Rows, "rows")
	defer task.Done()
	spec, err := s.from.Declared(ctx, n.Table)
	if err != nil {
		return err
	}
	query, err := s.from.ScopeQuery(ctx, n.Table, n.Snapshot, n.Scope)
	if err != nil {
		return err
	}
	run, err := s.lake.Begin(ctx, lake.RunInfo{Command: command})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	if _, err := run.Write(ctx, spec, n.Scope, query); err != nil {
		return err
	}
	if _, err := run.Publish(ctx, lake.Done); err != nil {
		return err
	}
	if err := s.note(ctx); err != nil {
		return err
	}
	s.rebuilt(n)
	return nil
}
