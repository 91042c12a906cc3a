package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/etl/swow"
	"alignctl/internal/nearest"
	"alignctl/lake"
)

// SWOW is a source of Small World of Words files; see alignctl etl swow.
type SWOW struct {
	Raw      `yaml:",inline"`
	Language string `yaml:"language" json:"language,omitempty"`
	Pack     string `yaml:"pack" json:"-"` // a language pack of the user's, instead of Language

	// Lists of the user's; see swow.Lists.
	Lexicon        string `yaml:"lexicon" json:"-"`
	Spelling       string `yaml:"spelling" json:"-"`
	CueCorrections string `yaml:"cue_corrections" json:"-"`
	Variants       string `yaml:"variants" json:"-"`

	Steps       swow.Steps        `yaml:"steps" json:"steps,omitempty"`
	SelfAnswers swow.SelfAnswers  `yaml:"self_answers" json:"self_answers,omitempty"`
	Populations []swow.Population `yaml:"populations" json:"populations,omitempty"` // beside the pack's
}

func (s SWOW) check() (key string, err error) {
	if s.Pack == "" {
		return "language", checkLanguage(s.Language)
	}
	if s.Language != "" {
		return "pack", errors.New("give a language or a pack of your own, not both")
	}
	return "", nil
}

func checkLanguage(code string) error {
	if known := swow.Languages(); !slices.Contains(known, code) {
		return fmt.Errorf("language %q is not known%s; give one of %s",
			code, nearest.Hint(code, known), strings.Join(known, ", "))
	}
	return nil
}

func (s SWOW) others() map[string]string {
	return named{"pack": s.Pack, "lexicon": s.Lexicon, "spelling": s.Spelling, "cue_corrections": s.CueCorrections,
		"variants": s.Variants}.given()
}

func (SWOW) portable() bool { return true }

func (SWOW) rules() (string, error) { return swow.Rules() }

func (s SWOW) prepare(ctx context.Context, l *lake.Lake, j job) (_ loading, err error) {
	o := swow.Options{Files: j.files, Language: s.Language, Source: j.source, Licence: s.Licence,
		Lists: swow.Lists{Lexicon: j.others["lexicon"], Spelling: j.others["spelling"],
			CueCorrections: j.others["cue_corrections"], Variants: j.others["variants"]},
		Steps: s.Steps, SelfAnswers: s.SelfAnswers, Populations: s.Populations,
		CheckOptions: j.check, Recipe: j.recipe, Memory: j.Memory, Engine: j.Engine, Command: j.Command, Version: j.Version}
	if path := j.others["pack"]; path != "" {
		if o.Pack, err = swow.ReadLanguage(path); err != nil {
			return nil, err
		}
	}
	return swow.Prepare(ctx, l, o)
}
