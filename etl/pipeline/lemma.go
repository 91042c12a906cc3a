package pipeline

import (
	"context"
	"errors"

	"alignctl/etl/norms"
	"alignctl/lake"
)

// Lemma is a source of lists of words and their lemmas; see alignctl etl lemma.
type Lemma struct {
	Raw      `yaml:",inline"`
	Language string `yaml:"language" json:"language"`
}

func (l Lemma) check() (key string, err error) {
	if l.Language == "" {
		err = errors.New("give the language of its words, such as en")
	}
	return "language", err
}

func (Lemma) others() map[string]string { return nil }

func (Lemma) portable() bool { return false }

func (Lemma) rules() (string, error) { return norms.Rules() }

func (l Lemma) prepare(ctx context.Context, in *lake.Lake, j job) (loading, error) {
	return norms.PrepareLemmas(ctx, in, norms.LemmaOptions{Files: j.files, Language: l.Language, Source: j.source,
		Licence: l.Licence, CheckOptions: j.check, Recipe: j.recipe,
		Memory: j.Memory, Command: j.Command, Version: j.Version})
}
