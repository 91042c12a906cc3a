package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"alignctl/internal/nearest"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// A Layout is how the files of a trainer look.
type Layout struct {
	Name    string
	Doc     string
	Formats []string // that its files may have, the default first
	Styles  []string // for supervised examples, the default first; nil: it has one
	forms   []form   // nil: every column as it is
	use     string   // how a trainer takes the folder, in Markdown
}

// A form is a layout's for one kind of data set, with the fields of a row.
type form struct {
	kind   kind
	style  string
	fields []field
}

// A field is a field of a row in a file, and the column that it is made from.
type field struct {
	name, column string
	expr         string // in SQL, of the column at %s; "": the column as it is
	kind         string // for people; "": as the column
}

// A kind is what a data set is for; its columns tell.
type kind struct {
	name    string
	columns []string
}

var (
	supervised = kind{"supervised examples", []string{"messages", "completion"}}
	pairs      = kind{"pairs", []string{"messages", "chosen", "rejected"}}
	rankings   = kind{"rankings", []string{"messages", "label"}}
)

// wanted are the types of the columns that tell a kind; a label may have any.
var wanted = map[string]lake.Type{
	"messages": lake.List(lake.Struct(
		lake.Field{Name: "role", Type: lake.String}, lake.Field{Name: "content", Type: lake.String})),
	"completion": lake.String, "chosen": lake.String, "rejected": lake.String,
}

// kept are columns that stand in the files of every layout where a data set has
// them; the trainers read their own fields and drop others.
var kept = []string{"example_id", "language", "cue"}

// Expressions of the layouts.
const (
	answer   = "{'role': 'assistant', 'content': %s}"
	answers  = "[" + answer + "]"
	answered = "list_append(messages, " + answer + ")"

	oneMessage   = "{role: text, content: text}"
	listMessages = "list of " + oneMessage
)

var (
	lines = []string{"jsonl", "parquet"}

	// trl's fields are documented under "Dataset formats and types".
	trl = Layout{Name: "trl", Formats: lines, Styles: []string{"prompt-completion", "messages"},
		Doc: "TRL: conversational prompt-completion, preference or prompt-only",
		forms: []form{
			{kind: supervised, style: "prompt-completion", fields: []field{
				{name: "prompt", column: "messages"},
				{"completion", "completion", answers, listMessages}}},
			{kind: supervised, style: "messages", fields: []field{{"messages", "completion", answered, listMessages}}},
			{kind: pairs, fields: []field{
				{name: "prompt", column: "messages"},
				{"chosen", "chosen", answers, listMessages},
				{"rejected", "rejected", answers, listMessages}}},
			{kind: rankings, fields: []field{{name: "prompt", column: "messages"}, {name: "label", column: "label"}}},
		},
		use: "`datasets.load_dataset(\"FOLDER\")` gives the splits; SFTTrainer takes supervised examples, DPOTrainer pairs, " +
			"and trainers of prompts rankings, whose `label` reaches the reward function.",
	}

	// llamaFactory's keys are documented in its data/README.md.
	llamaFactory = Layout{Name: "llama-factory", Formats: lines,
		Doc: "LLaMA-Factory: messages, with dataset_info.json",
		forms: []form{
			{kind: supervised, fields: []field{{"messages", "completion", answered, listMessages}}},
			{kind: pairs, fields: []field{
				{name: "messages", column: "messages"},
				{"chosen", "chosen", answer, oneMessage},
				{"rejected", "rejected", answer, oneMessage}}},
		},
		use: "Give LLaMA-Factory this folder as `dataset_dir`, and as `dataset` and `eval_dataset` names in `dataset_info.json`.",
	}

	// openRLHF's keys are options of its commands, documented in its README.
	openRLHF = Layout{Name: "openrlhf", Formats: lines,
		Doc: "OpenRLHF: messages under input and output, prompt, chosen and rejected, or input and label",
		forms: []form{
			{kind: supervised, fields: []field{
				{name: "input", column: "messages"}, {"output", "completion", answers, listMessages}}},
			{kind: pairs, fields: []field{
				{name: "prompt", column: "messages"},
				{"chosen", "chosen", answers, listMessages},
				{"rejected", "rejected", answers, listMessages}}},
			{kind: rankings, fields: []field{
				{name: "input", column: "messages"}, {"label", "label", "to_json(%s)::VARCHAR", "JSON in text"}}},
		},
		use: "OpenRLHF applies the model's chat template (`--data.apply_chat_template`); its keys are `--data.input_key input " +
			"--data.output_key output` for supervised examples, `--data.prompt_key prompt --data.chosen_key chosen " +
			"--data.rejected_key rejected` for pairs, `--data.input_key input --data.label_key label` for rankings.",
	}

	psychling = Layout{Name: "psychling", Formats: []string{"csv"}, Doc: "csv as norms are shared, with codebook.csv; lists as JSON",
		use: "RFC 4180, UTF-8, a header line. `codebook.csv` says what each column is. An empty field is a missing value or a number " +
			"that isn't finite, `\"\"` an empty text; lists and records are JSON.",
	}

	layouts = []Layout{trl, llamaFactory, openRLHF,
		{Name: "jsonl", Formats: lines[:1], Doc: "every column, a JSON object a line",
			use: "Each line is a JSON object; `null` is a missing value, or a number that isn't finite."},
		{Name: "parquet", Formats: lines[1:], Doc: "every column, with its type",
			use: "`datasets`, pandas, polars, DuckDB, Spark and R's arrow read the files."},
		psychling,
	}
)

// Layouts lists the layouts.
func Layouts() []Layout { return slices.Clone(layouts) }

// Check sees that there are such a layout, format and style.
func (o Options) Check() error {
	_, err := o.pick()
	return err
}

func (o Options) pick() (Layout, error) {
	names := make([]string, len(layouts))
	for i, l := range layouts {
		names[i] = l.Name
		if l.Name == o.Layout {
			return l, l.admits(o)
		}
	}
	return Layout{}, fmt.Errorf("no layout %q%s", o.Layout, nearest.Hint(o.Layout, names))
}

func (l Layout) admits(o Options) error {
	if o.Format != "" && !slices.Contains(l.Formats, o.Format) {
		return fmt.Errorf("layout %s has no %s files, but %s", l.Name, o.Format, strings.Join(l.Formats, " or "))
	}
	if o.Style != "" && !slices.Contains(l.Styles, o.Style) {
		return fmt.Errorf("layout %s has no style %q%s", l.Name, o.Style, nearest.Hint(o.Style, l.Styles))
	}
	return nil
}

// fields are those of a table's files in the layout, or the error that the table
// doesn't fit.
func (l Layout) fields(table lake.Spec, style string) ([]field, error) {
	types := typesOf(table)
	if l.forms == nil {
		return named(types, columnNames(table)), nil
	}
	var lacks []string
	for _, f := range l.forms {
		lacking := f.kind.lacking(types)
		switch {
		case f.style != "" && f.style != style:
			continue
		case len(lacking) > 0:
			lacks = append(lacks, f.kind.name+" need "+strings.Join(lacking, ", "))
		default:
			return append(named(types, kept), f.fields...), nil
		}
	}
	return nil, fmt.Errorf("it doesn't fit layout %s: of the columns that it lacks, %s (any table fits jsonl, parquet and "+
		"psychling)", l.Name, strings.Join(lacks, "; "))
}

func columnNames(table lake.Spec) []string {
	names := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		names[i] = c.Name
	}
	return names
}

func typesOf(table lake.Spec) map[string]string {
	types := make(map[string]string, len(table.Columns))
	for _, c := range table.Columns {
		types[c.Name] = c.Type.SQL()
	}
	return types
}

// lacking names the columns that a table would need to be of the kind.
func (k kind) lacking(types map[string]string) (names []string) {
	for _, column := range k.columns {
		got, there := types[column]
		want, typed := wanted[column]
		switch {
		case !there:
			names = append(names, column)
		case typed && got != want.SQL():
			names = append(names, fmt.Sprintf("%s as %s (not %s)", column, want.SQL(), got))
		}
	}
	return names
}

// named are fields for those of the columns that there are.
func named(types map[string]string, columns []string) (fields []field) {
	for _, name := range columns {
		if _, there := types[name]; there {
			fields = append(fields, field{name: name, column: name})
		}
	}
	return fields
}

// in is the field, of a column of this type, in a file of a format.
func (f field) in(format string, t lake.Type) field {
	f.expr = cmp.Or(f.expr, "%s")
	if format == "csv" && (t.Kind == lake.KindList || t.Kind == lake.KindStruct) {
		f.expr, f.kind = "to_json(%s)::VARCHAR", "JSON: "+typeWords(t)
	}
	if format != "parquet" && holdsDouble(t) {
		f.expr = strings.ReplaceAll(f.expr, "%s", finite(t, "%s", 0))
	}
	return f
}

// sql is the field in the list of a SELECT.
func (f field) sql() string {
	return strings.ReplaceAll(f.expr, "%s", duck.Name(f.column)) + " AS " + duck.Name(f.name)
}
