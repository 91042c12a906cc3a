package pipeline

import (
	"context"

	"alignctl/etl/swow"
	"alignctl/lake"
)

// Strength is a source of ready-made strength tables; see alignctl etl strength.
type Strength struct {
	Raw      `yaml:",inline"`
	Language string `yaml:"language" json:"language"`
}

func (s Strength) check() (key string, err error) { return "language", checkLanguage(s.Language) }

func (Strength) others() map[string]string { return nil }

func (Strength) portable() bool { return false }

func (Strength) rules() (string, error) { return swow.Rules() }

func (s Strength) prepare(ctx context.Context, l *lake.Lake, j job) (loading, error) {
	return swow.PrepareStrengths(ctx, l, swow.StrengthOptions{Files: j.files, Language: s.Language, Source: j.source,
		Licence: s.Licence, CheckOptions: j.check, Recipe: j.recipe,
		Memory: j.Memory, Command: j.Command, Version: j.Version})
}
