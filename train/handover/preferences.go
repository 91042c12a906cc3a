package handover

import (
	"alignctl/train"
)

// A lossForm is a loss of DPO, of the sums or the means over answers' tokens.
type lossForm struct {
	name             string
	lengthNormalized bool
}

// preferenceLoss hands the loss of DPO over; forms are those that the trainer
// has, with what asks for them there, and lacking is what it is about the other
// losses. Another form would be another loss.
func (s *sheet) preferenceLoss(m *train.DPOOptions, forms map[lossForm][]entry, lacking string) {
	as, same := forms[lossForm{m.Loss, m.LengthNormalized}]
	_, other := forms[lossForm{m.Loss, !m.LengthNormalized}]
	switch {
	case same:
		s.same("loss", m.Loss, as...)
		s.same("length-normalized", m.LengthNormalized)
	case !other:
		s.refuse("loss", m.Loss, lacking)
	case m.LengthNormalized:
		s.add(Refused, "length-normalized", true, "its "+m.Loss+" loss is of sums over an answer's tokens", nil)
	default:
		s.add(Refused, "length-normalized", false, "its "+m.Loss+" loss is of means over an answer's tokens", nil)
	}
}
