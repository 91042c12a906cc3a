package sql

import "slices"

// A RecipeChange is one thing that two recipes of a data set don't share.
type RecipeChange struct {
	Kind          string // "parameter", "input", "template", "query" or "view"
	Name          string // of the parameter, table or template; "" of the others
	Before, After string // "" where the recipe has no such thing
}

// Compare lists what differs between two recipes. Of queries it shows the places
// where they begin to differ. A change of key, columns, licence or audits, whose
// texts a recipe doesn't keep, is one of the view.
func (r Recipe) Compare(after Recipe) (changes []RecipeChange) {
	for _, part := range []struct {
		kind          string
		before, after map[string]string
	}{
		{"parameter", r.Set(), after.Set()},
		{"input", r.Inputs, after.Inputs},
		{"template", r.Templates, after.Templates},
	} {
		for _, name := range keysOfBoth(part.before, part.after) {
			if b, a := part.before[name], part.after[name]; b != a {
				changes = append(changes, RecipeChange{Kind: part.kind, Name: name, Before: b, After: a})
			}
		}
	}
	if r.Query != after.Query {
		b, a := firstDifference(r.Query, after.Query)
		changes = append(changes, RecipeChange{Kind: "query", Before: b, After: a})
	}
	if len(changes) == 0 && r.Digest != after.Digest {
		changes = append(changes, RecipeChange{Kind: "view", Before: r.Digest, After: after.Digest})
	}
	return changes
}

// firstDifference cuts two texts to a little before the place where they begin
// to differ.
func firstDifference(a, b string) (string, string) {
	const lead = 12
	before, after := []rune(a), []rune(b)
	at := 0
	for at < len(before) && at < len(after) && before[at] == after[at] {
		at++
	}
	from, dots := max(0, at-lead), ""
	if from > 0 {
		dots = "…"
	}
	return dots + string(before[from:]), dots + string(after[from:])
}

// keysOfBoth are the keys of two maps, sorted.
func keysOfBoth(a, b map[string]string) []string {
	keys := make([]string, 0, len(a)+len(b))
	for _, m := range []map[string]string{a, b} {
		for key := range m {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
