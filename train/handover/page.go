package handover

import (
	"fmt"
	"slices"
)

// A group is the settings of a verdict, for README.md.
type group struct {
	Heading, Title string
	Settings       []Setting
}

// headings are those of the groups, what matters most first.
var headings = []struct {
	verdict Verdict
	text    string
}{
	{Missing, "Not handed over: nothing stands for it there"},
	{Differs, "Handed over, but not the same there"},
	{Same, "The same"},
	{Local, "Of alignctl alone"},
}

// Groups are the settings, by verdict.
func (p page) Groups() (groups []group) {
	for _, h := range headings {
		if settings := p.Job.With(h.verdict); settings != nil {
			groups = append(groups, group{h.text, p.Trainer.Title, settings})
		}
	}
	return groups
}

// Besides are differences that hang on no setting.
func (p page) Besides() (notes []string) {
	if p.LeftOut > 0 {
		notes = append(notes, fmt.Sprintf("alignctl leaves %d examples out, since there is nothing to learn from them "+
			"(cut to nothing; pairs with equal or empty answers): they are in the files.", p.LeftOut))
	}
	return slices.Concat(notes, p.Trainer.notes[""], p.Trainer.notes[p.Command()])
}
