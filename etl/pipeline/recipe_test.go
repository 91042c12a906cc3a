package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func example() *recipe {
	return &recipe{Kind: "swow", Settings: map[string]any{"language": "en", "licence": "CC0"}, Rules: "r1",
		Files: []file{{Name: "a.csv", SHA256: "1"}, {Name: "b.csv", SHA256: "2"}}, Others: []file{{Key: "pack", Name: "en.yaml", SHA256: "3"}}}
}

// Each way in which a load can come to differ is told in the user's terms.
func TestChangesAreNamed(t *testing.T) {
	for want, change := range map[string]func(*recipe){
		"":                               func(*recipe) {},
		"a.csv changed":                  func(r *recipe) { r.Files[0].SHA256 = "9" },
		"a.csv is gone":                  func(r *recipe) { r.Files = r.Files[1:] },
		"c.csv is new":                   func(r *recipe) { r.Files = append(r.Files, file{Name: "c.csv", SHA256: "9"}) },
		"c.csv is new; a.csv is gone":    func(r *recipe) { r.Files[0] = file{Name: "c.csv", SHA256: "9"} },
		"the order of its files changed": func(r *recipe) { slices.Reverse(r.Files) },
		"en.yaml changed":                func(r *recipe) { r.Others[0].SHA256 = "9" },
		"zh.yaml is new; en.yaml is gone": func(r *recipe) {
			r.Others[0] = file{Key: "pack", Name: "zh.yaml", SHA256: "9"}
		},
		`language is "zh", was "en"`:    func(r *recipe) { r.Settings["language"] = "zh" },
		`licence is not set, was "CC0"`: func(r *recipe) { delete(r.Settings, "licence") },
		"alignctl's transforms changed": func(r *recipe) { r.Rules = "r2" },
		"it is under norms, was under swow": func(r *recipe) {
			r.Kind = "norms"
		},
	} {
		now := example()
		change(now)
		if got := strings.Join(now.changes(example()), "; "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A file that was moved or renamed is the same file.
func TestNamesOfFilesDontCount(t *testing.T) {
	now := example()
	now.Files[0].Name, now.Others[0].Name = "other.csv", "other.yaml"
	if got := now.changes(example()); len(got) > 0 {
		t.Errorf("changes %q", got)
	}
}

// No change is told exactly when the files have the same contents in the same
// order.
func TestFileChangesLaw(t *testing.T) {
	lists := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) file {
		return file{Name: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"),
			SHA256: fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "content"))}
	}), 0, 4)
	contents := func(files []file) (sums []string) {
		for _, f := range files {
			sums = append(sums, f.SHA256)
		}
		return sums
	}
	rapid.Check(t, func(t *rapid.T) {
		now, then := lists.Draw(t, "now"), lists.Draw(t, "then")
		told := fileChanges(now, then)
		if same := slices.Equal(contents(now), contents(then)); same != (len(told) == 0) {
			t.Errorf("%v and %v: told %q", now, then, told)
		}
	})
}
