package train

import (
	"errors"
	"fmt"

	"alignctl/train/lm"
	"alignctl/train/reward"
	"alignctl/train/rl"
)

// PolicyOptions are the settings that PPO and GRPO share: how a policy's answers
// are drawn, rewarded and learnt from. In a step Rollouts answers are drawn; they
// are learnt from Updates times, by optimizer steps over Batch x Accumulate of
// them.
type PolicyOptions struct {
	Reward reward.Options `json:"rewards"`

	Rollouts     int     `json:"rollouts"`       // answers in a step
	Updates      int     `json:"updates"`        // times that a step's answers are learnt from
	MaxNewTokens int     `json:"max_new_tokens"` // tokens of an answer; questions that leave it no room in MaxTokens are left out
	Temperature  float64 `json:"temperature"`    // of the draws
	Lanes        int     `json:"lanes"`          // answers drawn side by side

	ClipRange   float64 `json:"cliprange"`    // how far the ratio of new to old probability counts: rl.Range
	KLCoef      float64 `json:"kl_coef"`      // penalty for a nat of divergence from the reference
	EntropyCoef float64 `json:"entropy_coef"` // bonus for a nat of entropy a token
	TargetKL    float64 `json:"target_kl"`    // divergence from the policy that drew, nats a token, that ends a step's updates; 0: none
	EOSPenalty  float64 `json:"eos_penalty"`  // taken from the score of an answer that the limit of tokens ended

	SampleEvery int    `json:"sample_every"` // steps between those whose answers are kept in train.samples; 0: none
	Samples     int    `json:"samples"`      // answers of such a step
	Limits      Limits `json:"limits"`
}

// defaultPolicy has the settings that both methods begin with.
func defaultPolicy() PolicyOptions {
	return PolicyOptions{Rollouts: 64, Updates: 1, MaxNewTokens: 128, Temperature: 1, Lanes: 16,
		ClipRange: 0.2, SampleEvery: 10, Samples: 8, Limits: DefaultLimits()}
}

// policy are the settings themselves, of whatever embeds them.
func (o *PolicyOptions) policy() *PolicyOptions { return o }

// checkPolicy refuses settings that can't be followed, with those of the run.
func (o *PolicyOptions) checkPolicy(run *Options) error {
	switch mini := run.Batch * run.Accumulate; {
	case o.Rollouts%mini != 0:
		return fmt.Errorf("check options: --rollouts %d: must be a multiple of --batch x --accumulate, %d answers an optimizer step", o.Rollouts, mini)
	case o.MaxNewTokens >= run.MaxTokens:
		return fmt.Errorf("check options: --max-new-tokens %d leaves no room for a question in --max-tokens %d", o.MaxNewTokens, run.MaxTokens)
	case run.LoRA.Dropout > 0 && run.Adapter == "":
		return errors.New("check options: --lora-dropout: a policy is compared with itself, so nothing is dropped: leave it out")
	case run.Devices > 1:
		return &lm.DevicesError{Want: run.Devices, Cause: "a policy draws its answers on one: leave --devices out"}
	case run.Packing, run.Share:
		return errors.New("check options: --packing and --share-prefix are for examples, not for answers: leave them out")
	case o.Rollouts < 1, o.Updates < 1, o.MaxNewTokens < 1, o.Lanes < 1:
		return errors.New("check options: --rollouts, --updates, --max-new-tokens and --lanes must be at least 1")
	case !(o.Temperature > 0):
		return fmt.Errorf("check options: --temperature %g: must be above 0: answers are drawn, so that there are better and worse ones", o.Temperature)
	case !(o.ClipRange > 0), o.KLCoef < 0, o.EntropyCoef < 0, o.TargetKL < 0, o.EOSPenalty < 0:
		return errors.New("check options: --cliprange must be above 0, --kl-coef, --entropy-coef, --target-kl and --eos-penalty at least 0")
	case o.SampleEvery < 0, o.Samples < 0:
		return errors.New("check options: --sample-every and --samples must be at least 0")
	}
	_, err := o.Reward.Weights()
	return errors.Join(err, o.Limits.check())
}

// PPOOptions are the settings of proximal policy optimization.
type PPOOptions struct {
	Options
	PolicyOptions

	Gamma       float64 `json:"gamma"`        // discount of later rewards
	Lambda      float64 `json:"lam"`          // of generalized advantage estimation
	Whiten      bool    `json:"whiten"`       // advantages
	KLEstimator string  `json:"kl_estimator"` // rl.K1 or rl.K3, of the penalty in the rewards
	KLTarget    float64 `json:"kl_target"`    // nats an answer that KLCoef is moved to; 0: it is fixed
	KLHorizon   float64 `json:"kl_horizon"`   // answers, see rl.AdaptiveKL
	ValueCoef   float64 `json:"vf_coef"`      // of the value's loss
	ValueClip   float64 `json:"cliprange_value"`
	ValueLR     float64 `json:"value_lr"`     // learning rate of the value head
	ValueWarmup int     `json:"value_warmup"` // steps in which the value head alone learns
	ScaleScores bool    `json:"scale_scores"` // divide scores by their running standard deviation
	ScoreClip   float64 `json:"score_clip"`   // scores further from 0 are moved there; 0: none
}

func (o *PPOOptions) check() error {
	switch {
	case !(o.Gamma > 0 && o.Gamma <= 1), !(o.Lambda >= 0 && o.Lambda <= 1):
		return fmt.Errorf("check options: --gamma %g, --lambda %g: must be shares", o.Gamma, o.Lambda)
	case o.KLEstimator != rl.K1 && o.KLEstimator != rl.K3:
		return fmt.Errorf("check options: --kl-estimator %q: have %v", o.KLEstimator, rl.Estimators)
	case o.KLTarget < 0, !(o.KLHorizon > 0), o.ValueCoef < 0, !(o.ValueClip > 0), !(o.ValueLR > 0), o.ValueWarmup < 0, o.ScoreClip < 0:
		return errors.New("check options: --kl-target, --vf-coef, --value-warmup and --score-clip must be at least 0, --kl-horizon, --cliprange-value and --value-lr above 0")
	}
	return o.checkPolicy(&o.Options)
}

// Name is ppo.
func (o *PPOOptions) Name() string { return "ppo" }

func (o *PPOOptions) begin(j *job) worker { return &policyWorker{method: o, job: j} }

func (o *PPOOptions) draws() int { return 1 }

func (o *PPOOptions) valueHead() (rate float64, warmup int) { return o.ValueLR, o.ValueWarmup }

func (o *PPOOptions) newLoss(m *policyModel, s *policyState) policyLoss { return &ppo{*o, m, s} }

// GRPOOptions are the settings of group relative policy optimization.
type GRPOOptions struct {
	Options
	PolicyOptions

	Group       int     `json:"group"`          // answers to a question, which are compared with each other
	ScaleGroups bool    `json:"scale_groups"`   // divide advantages by the group's standard deviation
	ClipHigh    float64 `json:"cliprange_high"` // upper bound of the ratio, where it isn't ClipRange; 0: it is
	Loss        string  `json:"loss"`           // LossByToken or LossByAnswer
}

// What weighs the same in GRPO's loss: each token of a mini-batch (Yu et al. 2025),
// or each answer, however long (Shao et al. 2024).
const (
	LossByToken  = "token"
	LossByAnswer = "answer"
)

func (o *GRPOOptions) check() error {
	switch {
	case o.Group < 2:
		return fmt.Errorf("check options: --group %d: an answer is worth what it is better than others to its question: at least 2", o.Group)
	case o.Rollouts%o.Group != 0:
		return fmt.Errorf("check options: --rollouts %d: must be a multiple of --group %d", o.Rollouts, o.Group)
	case o.ClipHigh < 0:
		return fmt.Errorf("check options: --cliprange-high %g: must be at least 0", o.ClipHigh)
	case o.Loss != LossByToken && o.Loss != LossByAnswer:
		return fmt.Errorf("check options: --loss %q: %s or %s", o.Loss, LossByToken, LossByAnswer)
	}
	return o.checkPolicy(&o.Options)
}

// Name is grpo.
func (o *GRPOOptions) Name() string { return "grpo" }

func (o *GRPOOptions) begin(j *job) worker { return &policyWorker{method: o, job: j} }

func (o *GRPOOptions) draws() int { return o.Group }

func (o *GRPOOptions) valueHead() (rate float64, warmup int) { return 0, 0 }

func (o *GRPOOptions) newLoss(m *policyModel, _ *policyState) policyLoss { return &grpo{*o, m} }

// DefaultPPO has the settings of a small run; only model, data set and reward are
// missing.
func DefaultPPO() PPOOptions {
	p := defaultPolicy()
	p.KLCoef = 0.05
	return PPOOptions{Options: defaults(), PolicyOptions: p, Gamma: 1, Lambda: 0.95, Whiten: true, KLEstimator: rl.K1, KLHorizon: 10_000,
		ValueCoef: 0.1, ValueClip: 0.2, ValueLR: 1e-3}
}

// DefaultGRPO has the settings of a small run; only model, data set and reward
// are missing.
func DefaultGRPO() GRPOOptions {
	p := defaultPolicy()
	p.KLCoef = 0.01
	return GRPOOptions{Options: defaults(), PolicyOptions: p, Group: 8, ScaleGroups: true, Loss: LossByToken}
}
