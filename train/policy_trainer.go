package train

import (
	"alignctl/train/lm"
	"alignctl/train/reward"
)

// A policyTrainer is a run of PPO or GRPO once its data and its model are open.
type policyTrainer struct {
	policySetup
	method   policyLoss
	model    *policyModel
	stepper  *Stepper
	roller   *roller
	assessor *assessor
	state    *policyState
}

// policySetup is what a policyTrainer is made for.
type policySetup struct {
	options           PolicyOptions
	seed              int64
	batch, accumulate int  // answers in a micro-batch, micro-batches in an optimizer step
	asks              int  // questions in a step
	draws             int  // answers to each of them
	warmup            int  // steps in which the value head alone learns
	valued            bool // the method has a value head
	order             questionOrder
	shape             answerShape
}

// newPolicyTrainer prepares a loaded model, whose weights now are the reference's,
// for training. method makes the loss of the model and the state.
func newPolicyTrainer(
	m *lm.Model, encoder *lm.Encoder, scorer reward.Scorer, setup policySetup, o StepperOptions,
	method func(*policyModel, *policyState) policyLoss,
) (_ *policyTrainer, err error) {
	p := &policyTrainer{policySetup: setup, state: &policyState{KLCoef: setup.options.KLCoef},
		model: &policyModel{Model: m, temperature: setup.options.Temperature}}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.model.reference, err = m.Reference(); err != nil {
		return nil, err
	}
	if setup.valued {
		if p.model.head, err = m.AddValueHead(); err != nil {
			return nil, err
		}
	}
	p.method = method(p.model, p.state)
	if p.roller, err = newRoller(m, encoder, scorer, setup.options); err != nil {
		return nil, err
	}
	if p.assessor, err = newAssessor(p.model, setup.shape); err != nil {
		return nil, err
	}
	p.stepper, err = NewStepper(m.Backend, m.Store, p.model.weights(), o, policyGraph(p.method))
	return p, err
}

// close frees what was compiled; the model stays.
func (p *policyTrainer) close() error {
	if p.roller != nil {
		p.roller.close()
	}
	if p.assessor != nil {
		p.assessor.close()
	}
	if p.stepper != nil {
		return p.stepper.Close()
	}
	return nil
}
