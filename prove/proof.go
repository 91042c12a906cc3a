package prove

import "alignctl/lake"

// A Proof is what came of running a chain again.
type Proof struct {
	Links []Link // in the order in which they were made
	// First is the first table that differs; nil when none does.
	First *Difference
}

// A Verdict says what became of a link.
type Verdict string

// The verdicts.
const (
	Same       Verdict = "same"
	Differs    Verdict = "differs"
	Gone       Verdict = "gone"        // a raw file that isn't where it was
	NotRebuilt Verdict = "not rebuilt" // nothing here makes it again: stated as recorded
	Failed     Verdict = "failed"      // it should have been made again
)

// A Link is one thing of the chain: a raw file, a recipe, a table's scope, or a
// model from outside.
type Link struct {
	Kind     string // file, recipe, table or model
	Name     string
	Scope    string // of a table; of a file its source
	Recorded string // digest
	Rebuilt  string // digest; "" where there is none
	Verdict  Verdict
	Reason   string
}

// compare gives a link its verdict.
func (l Link) compare(rebuilt string) Link {
	l.Rebuilt, l.Verdict = rebuilt, Same
	if rebuilt != l.Recorded {
		l.Verdict = Differs
	}
	return l
}

// without is a link that has nothing to compare.
func (l Link) without(v Verdict, reason string) Link {
	l.Verdict, l.Reason = v, reason
	return l
}

func tableLink(n *lake.TableNode) Link {
	return Link{Kind: "table", Name: n.Table, Scope: n.Scope, Recorded: n.Digest}
}

// Count is the number of links with a verdict.
func (p *Proof) Count(v Verdict) (n int) {
	for _, l := range p.Links {
		if l.Verdict == v {
			n++
		}
	}
	return n
}

// Holds says whether all that could be made again came out the same.
func (p *Proof) Holds() bool { return p.Count(Differs)+p.Count(Failed) == 0 }
