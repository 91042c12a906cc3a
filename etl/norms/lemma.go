package norms

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"alignctl/etl"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// LemmaOptions say which lists of lemmas to load.
type LemmaOptions struct {
	Files    []string
	Language string // of the files, ISO 639-1
	Source   string // "": such as lemma-en
	Licence  string // of the files
	// Rows is a SELECT of rows of core.lemma, of this source, that are loaded
	// beside Files; "": none.
	Rows string
	etl.CheckOptions
	Memory  string // DuckDB's share; "": etl.DefaultMemory
	Recipe  any    // see Options
	Command string // the command line, for the lake's history
	Version string // of alignctl
}

// A LemmaPlan is a load of lists of lemmas that have been checked and counted.
type LemmaPlan struct {
	options LemmaOptions
	lake    *lake.Lake
	files   []*etl.Checked
	steps   []etl.Step
	held    int64 // rows of the source now
}

// LemmaLayouts are the raw formats of a list of lemmas: a form and its lemma,
// set apart by a tab, under a header line or without one.
func LemmaLayouts() []etl.Layout {
	columns := []etl.Column{
		{Header: "form", Aliases: []string{"word", "Form", "Word"}, Name: "form", Required: true},
		{Header: "lemma", Aliases: []string{"Lemma"}, Name: "lemma", Required: true},
	}
	headed := etl.Layout{Name: "lemma", Columns: columns, Delimiters: "\t", Unquoted: true}
	plain := headed
	plain.Headerless = true
	return []etl.Layout{headed, plain}
}

// PrepareLemmas checks the files and looks up what the source holds. A file that
// breaks its contract gives an *etl.ParseError.
func PrepareLemmas(ctx context.Context, l *lake.Lake, o LemmaOptions) (*LemmaPlan, error) {
	switch {
	case !languageCode.MatchString(o.Language):
		return nil, fmt.Errorf("load lemmas: language %q: give a code of ISO 639, such as en", o.Language)
	case len(o.Files) == 0 && o.Rows == "":
		return nil, errors.New("load lemmas: no file given")
	case o.Source == "":
		o.Source = "lemma-" + o.Language
	}
	p := &LemmaPlan{options: o, lake: l}
	var report etl.Report
	err := report.Time("check", func() (err error) {
		p.files, err = etl.CheckAll(ctx, o.Files, LemmaLayouts(), o.CheckOptions)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.steps = report.Steps
	held, err := etl.Holding(ctx, l, lemmaSpec().Name, "language", o.Source)
	for _, h := range held {
		p.held += h.Rows
	}
	return p, err
}

// String says what will move.
func (p *LemmaPlan) String() string {
	var records int64
	for _, f := range p.files {
		records += f.Rows
	}
	return fmt.Sprintf("%s: %d files, %d records replace %d rows", p.options.Source, len(p.files), records, p.held)
}

// LemmaKind is the value of LemmaConfig.Kind.
const LemmaKind = "etl lemma"

// A LemmaConfig is what decides the table of a load, besides the bytes of its
// files.
type LemmaConfig struct {
	Kind     string   `json:"kind"` // LemmaKind
	Source   string   `json:"source"`
	Language string   `json:"language"`
	Licence  string   `json:"licence"`
	Encoding string   `json:"encoding,omitempty"`
	Reject   bool     `json:"reject,omitempty"` // bad records are set aside
	Files    []string `json:"files"`            // sha256 of each
	Rows     string   `json:"rows,omitempty"`   // see LemmaOptions

	Recipe any `json:"recipe,omitempty"` // see Options
}

// Config is the configuration that the load's run records.
func (p *LemmaPlan) Config() LemmaConfig {
	o := p.options
	c := LemmaConfig{Kind: LemmaKind, Source: o.Source, Language: o.Language, Licence: o.Licence,
		Encoding: o.Encoding, Reject: o.Rejects != nil, Rows: o.Rows, Recipe: o.Recipe}
	for _, f := range p.files {
		c.Files = append(c.Files, f.SHA256)
	}
	return c
}

// Load makes the source hold exactly the plan's files.
func (p *LemmaPlan) Load(ctx context.Context) (*etl.Report, error) {
	o := p.options
	report := &etl.Report{Source: o.Source, Files: p.files, Steps: p.steps}
	return etl.Load(ctx, p.lake, etl.LoadOptions{
		Info:  lake.RunInfo{Command: o.Command, Config: p.Config(), Source: o.Source, Version: o.Version},
		Steps: 2, Report: report, Memory: o.Memory,
	}, p.load)
}

func (p *LemmaPlan) load(ctx context.Context, j *etl.Job) error {
	var parts []string
	err := j.Step("stage", func() error {
		for i, f := range p.files {
			table := fmt.Sprintf("lemma_staged_%d", i)
			if err := j.Stage(ctx, table, f, p.options.Licence); err != nil {
				return err
			}
			parts = append(parts, fmt.Sprintf("select %s as source, %s as language, form, lemma, fold(form) as form_folded, "+
				"fold(lemma) as lemma_folded, min(%s) as file_id from %s group by form, lemma",
				duck.Literal(p.options.Source), duck.Literal(p.options.Language), duck.Literal(f.FileID()), table))
			j.Report.Rows += f.Rows
			j.Report.Rejected += f.Rejected
		}
		return nil
	})
	if err != nil {
		return err
	}
	if p.options.Rows != "" {
		parts = append(parts, p.options.Rows)
	}
	return j.Step(lemmaSpec().Name, func() error {
		_, err := j.Run.Write(ctx, lemmaSpec(), p.options.Source, "select source, language, form, lemma, form_folded, "+
			"lemma_folded, min(file_id) as file_id from ("+strings.Join(parts, "\nunion all by name\n")+") group by all")
		return err
	})
}

func lemmaSpec() lake.Spec {
	return lake.Spec{
		Name: "core.lemma",
		Doc:  "A form of a word and its lemma: dogs is a form of dog. A form may have several.",
		Key:  []string{"source", "language", "form", "lemma"}, Scope: "source", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("source", "name of the source, such as lemma-en"),
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("form", "the form as the file has it"),
			etl.TextColumn("lemma", "its lemma as the file has it"),
			etl.TextColumn("form_folded", "the form in NFKC, case folded: fold(form) in SQL"),
			etl.TextColumn("lemma_folded", "the lemma in NFKC, case folded"),
			etl.TextColumn("file_id", "first 16 hex digits of the SHA-256 of the file that has the pair; see meta.files"),
		},
	}
}
