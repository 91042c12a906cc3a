package suite

import (
	"context"
	"fmt"

	"alignctl/eval"
	"alignctl/eval/wvs"
	"alignctl/lake"
)

// The states of a Planned.
const (
	ToAsk   = "to ask"
	ToGoOn  = "to go on"
	HasDone = "done"
)

// A Planned is something that a suite would ask a model, or has asked it.
type Planned struct {
	Model    string
	Language string
	Asks     string // eval.Associations or wvs.Suite
	State    string // ToAsk, ToGoOn, HasDone, or what keeps the model from being asked
	RunID    string // "" for ToAsk
}

// Plan says what Run would ask now. It opens no model.
func (s Suite) Plan(ctx context.Context, l *lake.Lake) (plans []Planned, err error) {
	for _, c := range s.Cells {
		from, unready := c.Who.Source()
		for _, asks := range c.asks() {
			p := Planned{Model: c.Model, Language: c.Language, Asks: asks, State: ToAsk}
			if unready != nil {
				p.State = unready.Error()
			} else if !s.Anew {
				err = p.find(ctx, l, c, from)
			}
			if err != nil {
				return nil, fmt.Errorf("plan %s of %s in %s: %w", asks, c.Model, c.Language, err)
			}
			plans = append(plans, p)
		}
	}
	return plans, nil
}

// asks are what a cell asks for.
func (c Cell) asks() (asks []string) {
	if c.Generate != nil {
		asks = append(asks, eval.Associations)
	}
	if c.Ask != nil {
		asks = append(asks, wvs.Suite)
	}
	return asks
}

// find looks for a run that has asked it.
func (p *Planned) find(ctx context.Context, l *lake.Lake, c Cell, from eval.Source) error {
	begun, err := c.begun(ctx, l, p.Asks, from)
	if err != nil || begun == nil {
		return err
	}
	p.RunID, p.State = begun.RunID, ToGoOn
	if begun.Done {
		p.State = HasDone
	}
	return nil
}

// begun is the run that has asked what a cell asks for, nil for none.
func (c Cell) begun(ctx context.Context, l *lake.Lake, asks string, from eval.Source) (*eval.Begun, error) {
	if asks == wvs.Suite {
		r, err := wvs.FindAsked(ctx, l, *c.Ask, from)
		if err != nil || r == nil {
			return nil, err
		}
		return r.Begun, nil
	}
	r, err := eval.FindAsked(ctx, l, *c.Generate, from)
	if err != nil || r == nil {
		return nil, err
	}
	return r.Begun, nil
}
