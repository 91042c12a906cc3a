package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/eval"
	"alignctl/eval/suite"
	"alignctl/eval/wvs"
	"alignctl/internal/workspace"
)

// A suiteFile is what a file of eval suite says. Its sections hold the flags of
// other commands by their names.
type suiteFile struct {
	Models    map[string]map[string]perLanguage `yaml:"models"` // who answers, as for eval generate
	Languages []string                          `yaml:"languages"`
	Baseline  string                            `yaml:"baseline"`
	Generate  map[string]perLanguage            `yaml:"generate"` // flags of eval generate
	Score     map[string]map[string]perLanguage `yaml:"score"`    // flags of eval score, by suite
	Wvs       map[string]perLanguage            `yaml:"wvs"`      // flags of eval wvs

	file     *workspace.File
	terminal *terminal
}

// perLanguage is a flag's value: one for all languages, or by language.
type perLanguage struct {
	all words
	of  map[string]words
}

// UnmarshalYAML reads a scalar, a list, or a mapping of languages to such.
func (p *perLanguage) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&p.of) == nil {
		return nil
	}
	return unmarshal(&p.all)
}

// readSuite reads a file, or a preset in its place.
func readSuite(t *terminal, path string, content []byte) (*suiteFile, error) {
	f := &suiteFile{terminal: t}
	var err error
	if f.file, err = workspace.ParseInto(path, content, f); err != nil {
		return nil, err
	}
	return f, f.validate()
}

func (f *suiteFile) validate() error {
	switch {
	case len(f.Models) == 0:
		return fmt.Errorf("%s: no models: name those that are to answer", f.file.Path)
	case len(f.Languages) == 0:
		return fmt.Errorf("%s: no languages: name those to ask in", f.file.Path)
	case f.Generate == nil && f.Wvs == nil:
		return fmt.Errorf("%s: nothing to measure: give a section generate, wvs or both", f.file.Path)
	case f.Baseline != "" && f.Models[f.Baseline] == nil:
		return fmt.Errorf("%s: baseline %q is none of the models: %s", f.file.Place("baseline"), f.Baseline,
			strings.Join(f.models(), ", "))
	}
	for name := range f.Score {
		if known := append(eval.Suites(), wvs.Suite); !slices.Contains(known, name) {
			return fmt.Errorf("%s: unknown suite %q; there are %s", f.file.Place("score", name), name, strings.Join(known, ", "))
		}
	}
	return nil
}

// models are the names of the models in the order of the file.
func (f *suiteFile) models() []string {
	return slices.SortedFunc(maps.Keys(f.Models), func(a, b string) int {
		return cmp.Compare(f.file.Line("models", a), f.file.Line("models", b))
	})
}

// cells are those of all models in all languages.
func (f *suiteFile) cells() (cells []suite.Cell, err error) {
	for _, model := range f.models() {
		for _, language := range f.Languages {
			c := suiteCell{suiteFile: f, Cell: suite.Cell{Model: model, Language: language}}
			if err := c.fill(); err != nil {
				return nil, err
			}
			cells = append(cells, c.Cell)
		}
	}
	return cells, nil
}

// A suiteCell is a cell in the making.
type suiteCell struct {
	*suiteFile
	suite.Cell
	model modelUnderTest
	pace  pace
}

func (c *suiteCell) fill() error {
	steps := []func() error{c.takeModel}
	if c.suiteFile.Generate != nil {
		steps = append(steps, c.takeGenerate, c.takeScores)
	}
	if c.Wvs != nil {
		steps = append(steps, c.takeWvs, c.takeSurvey)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// bind gives flags the values of a section, those for the cell's language, with
// {lang} and {model} filled in.
func (c *suiteCell) bind(flags []cli.Flag, values map[string]perLanguage, section ...string) (*cli.Context, error) {
	context, err := parsedNone(flags)
	if err != nil {
		return nil, err
	}
	context.Command = &cli.Command{HelpName: "eval suite"} // for errors
	slots, filled := strings.NewReplacer("{lang}", c.Language, "{model}", c.Cell.Model), map[string]words{}
	for name, v := range values {
		value, found := v.of[c.Language]
		if v.of == nil {
			value, found = v.all, true
		}
		if !found {
			return nil, fmt.Errorf("%s: no value for language %q", c.file.Place(append(section, name)...), c.Language)
		}
		filled[name] = words(slots.Replace(string(value)))
	}
	return context, newFlagSettings(context, flags).takeFile(c.file, section, filled)
}

// at says where in the file a mistake is.
func (c *suiteCell) at(err error, section ...string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", c.file.Place(section...), err)
}

func (c *suiteCell) takeModel() error {
	section := []string{"models", c.Cell.Model}
	flags := slices.Concat(c.model.localFlags(), c.model.endpointFlags(), c.model.patienceFlags(), c.pace.stepFlags())
	context, err := c.bind(flags, c.Models[c.Cell.Model], section...)
	if err != nil {
		return err
	}
	if (c.model.Local.Path == "") == (c.model.Endpoint.URL == "") {
		return c.at(fmt.Errorf("model %q: needs model, a folder, or endpoint and served-model", c.Cell.Model), section...)
	}
	c.Who = &c.model
	return c.at(c.model.complete(c.terminal, context), section...)
}

func (c *suiteCell) takeGenerate() (err error) {
	o := evalGenerateOptions{}
	if _, err := c.bind(append(o.questionFlags(), o.decodingFlags()...), c.suiteFile.Generate, "generate"); err != nil {
		return err
	}
	g := &o.generate
	g.Language = firstOf(g.Language, c.Language)
	g.Batch, g.SaveEvery, g.Command, g.Version = c.pace.batch, c.pace.saveEvery, c.terminal.command, version()
	if g.Model, err = json.Marshal(c.model); err != nil {
		return err
	}
	c.Cell.Generate = g
	return nil
}

// takeScores takes the suites of section score, or associations where there is
// none.
func (c *suiteCell) takeScores() error {
	suites := slices.DeleteFunc(eval.Suites(), func(s string) bool { return c.Score[s] == nil })
	if len(suites) == 0 {
		suites = []string{eval.Associations}
	}
	for _, s := range suites {
		o := evalScoreOptions{}
		context, err := c.bind(append(o.flags(), bootstrapFlags(&o.shared.bootstrap)...), c.Score[s], "score", s)
		if err != nil {
			return err
		}
		o.score.Suite = s
		if err := o.take(context, c.terminal); err != nil {
			return c.at(err, "score", s)
		}
		c.Scores = append(c.Scores, o.score)
	}
	return nil
}

func (c *suiteCell) takeWvs() error {
	o := evalWvsOptions{}
	context, err := c.bind(append(o.questionFlags(), o.drawFlags()...), c.Wvs, "wvs")
	if err != nil {
		return err
	}
	if c.Wvs["template"].all == "" && c.Wvs["template"].of == nil {
		if err := context.Set("template", strings.Replace(wvs.DefaultTemplate, "-en-", "-"+c.Language+"-", 1)); err != nil {
			return err
		}
	}
	if err := o.takeQuestions(context); err != nil {
		return c.at(err, "wvs")
	}
	a := &o.ask
	a.Batch, a.SaveEvery, a.Command, a.Version = c.pace.batch, c.pace.saveEvery, c.terminal.command, version()
	c.Ask = a
	a.Model, err = json.Marshal(c.model)
	return err
}

// takeSurvey takes section score.wvs. Its countries are those of section wvs
// where it names none.
func (c *suiteCell) takeSurvey() error {
	values := maps.Clone(c.Score[wvs.Suite])
	if values == nil {
		values = map[string]perLanguage{}
	}
	if _, named := values["between"]; !named {
		values["between"] = c.Wvs["between"]
	}
	o := evalScoreOptions{}
	context, err := c.bind(append(slices.Concat(wvsScoreFlags(&o.survey), bootstrapFlags(&o.shared.bootstrap)), asPublishedFlag()), values, "score", wvs.Suite)
	if err != nil {
		return err
	}
	if err := o.takeSurvey(context, c.terminal); err != nil {
		return c.at(err, "score", wvs.Suite)
	}
	c.Survey = &o.survey
	return nil
}

// suiteName is the name that a file gives its suite.
func suiteName(path string) string {
	return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
}
