package pipeline

import (
	"context"
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
	Language string `yaml:"language" json:"language"`
}

func (s SWOW) check() (key string, err error) { return checkLanguage(s.Language) }

func checkLanguage(code string) (key string, err error) {
	if known := swow.Languages(); !slices.Contains(known, code) {
		return "language", fmt.Errorf("language %q is not known%s; give one of %s",
			code, nearest.Hint(code, known), strings.Join(known, ", "))
	}
	return "", nil
}

func (SWOW) others() map[string]string { return nil }

func (SWOW) rules() (string, error) { return swow.Rules() }

func (s SWOW) prepare(ctx context.Context, l *lake.Lake, j job) (loading, error) {
	return swow.Prepare(ctx, l, swow.Options{Files: j.files, Language: s.Language, Source: j.source, Licence: s.Licence,
		CheckOptions: j.check, Recipe: j.recipe, Memory: j.Memory, Command: j.Command, Version: j.Version})
}
