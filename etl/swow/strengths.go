package swow

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"alignctl/etl"
	"alignctl/lake"
)

// StrengthOptions say which ready-made strength tables to load.
type StrengthOptions struct {
	Files    []string // at most one of first responses and one of all
	Language string   // code of the files' language
	Source   string   // and population; "": the language's, such as swow-en-published
	Licence  string   // of the files; "": Licence
	// Rows is a SELECT of rows of raw.strength, of this source, that are loaded
	// beside Files; "": none. See Options.
	Rows string
	etl.CheckOptions
	Memory  string // DuckDB's share; "": etl.DefaultMemory
	Recipe  any    // see Options
	Command string // the command line, for the lake's history
	Version string // of alignctl
}

// StrengthLayouts are the forms of ready-made strength tables, by measure:
// those of Small World of Words, and of Edinburgh (EAT) and South Florida
// (USF), whose headers write n. They have no quotes and no sign of a missing
// value: every text is a word.
func StrengthLayouts() []etl.Layout {
	return []etl.Layout{strengthLayout("r1"), strengthLayout("r123")}
}

const strengthPrefix = "strength-" // of a layout's name; a measure follows

// measureOf says what a strength table counts: r1 or r123.
func measureOf(f *etl.Checked) string { return strings.TrimPrefix(f.Layout, strengthPrefix) }

func strengthLayout(measure string) etl.Layout {
	count := strings.ToUpper(measure)
	return etl.Layout{
		Name: strengthPrefix + measure, Delimiters: "\t,", Unquoted: true, Verify: strengthRules,
		Columns: []etl.Column{
			{Header: "cue", Name: "cue", Required: true},
			{Header: "response", Name: "response", Required: true},
			{Header: count, Name: "n", Kind: etl.Long, Required: true, Valid: etl.Between(1, math.MaxInt32)},
			{Header: "N", Aliases: []string{"n"}, Name: "total", Kind: etl.Long, Required: true,
				Valid: etl.Between(1, math.MaxInt32)},
			{Header: count + ".Strength", Name: "strength", Kind: etl.Float, Required: true, Valid: etl.Between(0, 1)},
		},
	}
}

// strengthRules hold between the records of a strength table and within each:
// a pair stands once, a cue has one total, and a strength is n / total.
func strengthRules() func(etl.Record) error {
	pairs, totals := map[[2]string]bool{}, map[string]string{}
	return func(r etl.Record) error {
		cue, _ := r.Value("cue")
		response, _ := r.Value("response")
		total, _ := r.Value("total")
		pair := [2]string{cue, response}
		if pairs[pair] {
			return r.Refuse("response", fmt.Sprintf("response %q to cue %q stands twice", response, cue),
				"remove one of them")
		}
		if first, seen := totals[cue]; seen && first != total {
			return r.Refuse("total", fmt.Sprintf("cue %q has total %s here and %s before", cue, total, first),
				"correct one of them; is this more than one table?")
		}
		if err := checkStrength(r, total); err != nil {
			return err
		}
		pairs[pair], totals[cue] = true, total
		return nil
	}
}

// checkStrength refuses a record whose strength isn't its share.
func checkStrength(r etl.Record, total string) error {
	n, _ := r.Value("n")
	strength, _ := r.Value("strength")
	count, _ := strconv.ParseFloat(n, 64) // the check of the cells has parsed them
	all, _ := strconv.ParseFloat(total, 64)
	if given, _ := strconv.ParseFloat(strength, 64); math.Abs(given-count/all) > rounding(strength) {
		return r.Refuse("strength", fmt.Sprintf("strength %s is not %s / %s", strength, n, total),
			"correct it; are the columns in their places?")
	}
	return nil
}

// rounding is how far a number may lie from what was rounded to its decimals.
func rounding(number string) float64 {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(number), "e")
	_, decimals, _ := strings.Cut(mantissa, ".")
	power, _ := strconv.Atoi(exponent) // none: 0
	const noise = 1e-15                // of the quotient itself
	return 0.5*math.Pow10(power-len(decimals))*(1+1e-9) + noise
}

// A StrengthPlan is a load of ready-made tables whose files have been checked
// and counted.
type StrengthPlan struct {
	options  StrengthOptions
	lake     *lake.Lake
	language *Language
	files    []*etl.Checked
	held     []etl.Held // what the source holds now, by language
	steps    []etl.Step
}

// PrepareStrengths checks the files and looks up what the source holds. A file
// that breaks its contract gives an *etl.ParseError.
func PrepareStrengths(ctx context.Context, l *lake.Lake, o StrengthOptions) (*StrengthPlan, error) {
	language, err := FindLanguage(o.Language)
	if err != nil {
		return nil, err
	}
	if o.Source == "" {
		o.Source = language.Source + "-published"
	}
	if o.Licence == "" {
		o.Licence = Licence
	}
	p := &StrengthPlan{options: o, lake: l, language: language}
	var report etl.Report
	if err := report.Time("check", func() error { return p.check(ctx) }); err != nil {
		return nil, err
	}
	p.steps = report.Steps
	if p.held, err = etl.Holding(ctx, l, publishedSpec().Name, "language", o.Source); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *StrengthPlan) check(ctx context.Context) (err error) {
	if len(p.options.Files) == 0 && p.options.Rows == "" {
		return errors.New("load strengths: no file given")
	}
	p.files, err = etl.CheckAll(ctx, p.options.Files, StrengthLayouts(), p.options.CheckOptions)
	if err != nil {
		return err
	}
	of := map[string]string{}
	for _, f := range p.files {
		measure := measureOf(f)
		if twin, twice := of[measure]; twice {
			return &etl.ParseError{File: f.Path,
				Reason: fmt.Sprintf("holds %s strengths, as %s does", strings.ToUpper(measure), twin),
				Cure:   "load it as a source of its own, with another --source"}
		}
		of[measure] = f.Path
	}
	return nil
}

// String says what will move, such as
// "swow-en-published: 1 file, 483636 rows replace 0 rows".
func (p *StrengthPlan) String() string {
	var enter, leave int64
	for _, f := range p.files {
		enter += f.Rows
	}
	for _, h := range p.held {
		leave += h.Rows
	}
	files := "files"
	if len(p.files) == 1 {
		files = "file"
	}
	return fmt.Sprintf("%s: %d %s, %d rows replace %d rows", p.options.Source, len(p.files), files, enter, leave)
}

// languages lists the languages whose strengths the load moves.
func (p *StrengthPlan) languages() []string {
	codes := []string{p.language.Code}
	for _, h := range p.held {
		if !slices.Contains(codes, h.Group) {
			codes = append(codes, h.Group)
		}
	}
	return codes
}

// StrengthKind is the value of StrengthConfig.Kind.
const StrengthKind = "etl strength"

// A StrengthConfig is what decides the tables of a load of ready-made
// strengths, besides the bytes of its files; see Config.
type StrengthConfig struct {
	Kind     string   `json:"kind"` // StrengthKind
	Source   string   `json:"source"`
	Language string   `json:"language"`
	Licence  string   `json:"licence"`
	Files    []string `json:"files"`          // sha256 of each
	Rows     string   `json:"rows,omitempty"` // see StrengthOptions
	Encoding string   `json:"encoding,omitempty"`
	Reject   bool     `json:"reject,omitempty"` // bad records were set aside

	Recipe any `json:"recipe,omitempty"` // see Options
}

// Config is the configuration that the load's run records.
func (p *StrengthPlan) Config() StrengthConfig {
	o := p.options
	c := StrengthConfig{Kind: StrengthKind, Source: o.Source, Language: p.language.Code, Licence: o.Licence,
		Rows: o.Rows, Encoding: o.Encoding, Reject: o.Rejects != nil, Recipe: o.Recipe}
	for _, f := range p.files {
		c.Files = append(c.Files, f.SHA256)
	}
	return c
}

func publishedSpec() lake.Spec {
	return lake.Spec{
		Name: "raw.strength",
		Doc:  "A record of a ready-made strength table: how often a response was given to a cue, as the file has it.",
		Key:  []string{"source", "file_id", "line"}, Scope: "source", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("source", "name of the source that the file belongs to"),
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("file_id", "first 16 hex digits of the file's SHA-256; see meta.files"),
			etl.LongColumn("line", "", "line of the record in the file; the header is line 1"),
			etl.TextColumn("measure", "r1: first responses; r123: those of all three slots"),
			etl.TextColumn("cue", "the word shown"),
			etl.TextColumn("response", "the word given"),
			etl.LongColumn("n", "count", "times given"),
			etl.LongColumn("total", "count", "responses to the cue, as the file says"),
			etl.DoubleColumn("strength", "1", "n / total, as the file rounds it"),
		},
	}
}
