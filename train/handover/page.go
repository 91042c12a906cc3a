package handover

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"alignctl/sql/export"
)

// A page is what the templates of README.md and run.sh are filled with.
type page struct {
	Job        Job
	Trainer    Trainer
	Config     configuration
	Accumulate int  // micro-batches in a step
	Reference  bool // DPO's reference is the parent adapter
	LeftOut    int  // examples that alignctl would leave out
}

// Command is the method's name.
func (p page) Command() string {
	name, _, _ := strings.Cut(p.Job.Method, "-")
	return name
}

//go:embed templates
var templates embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"word": export.ShellWord, "flag": flagWords, "cell": export.Cell,
}).ParseFS(templates, "templates/*"))

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

// flagWords is an entry as words of a command line: a list as several words, true as
// none, "" for what is off.
func flagWords(e entry) string {
	switch v := e.value.(type) {
	case bool:
		if !v {
			return ""
		}
		return e.key
	case []any:
		words := []string{e.key}
		for _, item := range v {
			words = append(words, export.ShellWord(plain(item)))
		}
		return strings.Join(words, " ")
	}
	return e.key + " " + export.ShellWord(plain(e.value))
}
