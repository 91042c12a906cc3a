package pipeline

import (
	"context"

	"alignctl/etl/wvs"
	"alignctl/lake"
)

// WVS is a source of files of the World Values Survey; see alignctl etl wvs.
type WVS struct {
	Raw `yaml:",inline"`
	// Codebook is a file with the words of questions and answers; one in JSON is
	// in CodebookLanguage.
	Codebook         string `yaml:"codebook" json:"-"`
	CodebookLanguage string `yaml:"codebook_language" json:"codebook_language,omitempty"`
}

func (WVS) check() (key string, err error) { return "", nil }

func (w WVS) others() map[string]string { return named{"codebook": w.Codebook}.given() }

func (WVS) portable() bool { return true }

func (WVS) rules() (string, error) { return wvs.Rules() }

func (w WVS) prepare(ctx context.Context, l *lake.Lake, j job) (loading, error) {
	return wvs.Prepare(ctx, l, wvs.Options{Files: j.files, Source: j.source, Licence: w.Licence,
		Codebook: j.others["codebook"], CodebookLanguage: w.CodebookLanguage,
		CheckOptions: j.check, Recipe: j.recipe, Memory: j.Memory, Engine: j.Engine, Command: j.Command, Version: j.Version})
}
