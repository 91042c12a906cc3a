package sql

import (
	"context"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"alignctl/internal/nearest"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// A ParamType is the type of a view's parameter.
type ParamType string

// The types of parameters and what the query sees of them.
const (
	ParamInt    ParamType = "int"    // BIGINT
	ParamDouble ParamType = "double" // DOUBLE, finite
	ParamString ParamType = "string" // VARCHAR
	ParamBool   ParamType = "bool"   // BOOLEAN
	ParamStyle  ParamType = "style"  // VARCHAR, the style of known templates
)

// A Param is a parameter of a view: a DuckDB variable of its query.
type Param struct {
	Name    string
	Type    ParamType
	Default string
	Range   string // as written in the header; "" for any value
	Doc     string

	min, max float64  // of a number, inclusive
	choices  []string // of a string; the slots that a style's templates may have
	columns  []column // that hold further choices
}

// A column is one of a table of the lake.
type column struct{ table, name string }

// columnForm matches core.strength.population.
var columnForm = regexp.MustCompile(`^([a-z]+\.[a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)$`)

// numberRange matches 1..10, 0.. and ..0.5.
var numberRange = regexp.MustCompile(`^(-?[0-9]+(?:\.[0-9]+)?)?\.\.(-?[0-9]+(?:\.[0-9]+)?)?$`)

func parseParam(words []string, doc string) (Param, error) {
	if len(words) < 3 || len(words) > 4 || !identName.MatchString(words[0]) {
		return Param{}, fmt.Errorf(`want NAME TYPE DEFAULT [RANGE] "DOC", with a lower-case name`)
	}
	p := Param{Name: words[0], Type: ParamType(words[1]), Default: words[2], Doc: doc}
	types := []string{string(ParamInt), string(ParamDouble), string(ParamString), string(ParamBool), string(ParamStyle)}
	if !slices.Contains(types, words[1]) {
		return Param{}, fmt.Errorf("%q: unknown type %q, want one of %s", p.Name, p.Type, strings.Join(types, ", "))
	}
	p.min, p.max = math.Inf(-1), math.Inf(1)
	if len(words) == 4 {
		if err := p.setRange(words[3]); err != nil {
			return Param{}, err
		}
	}
	if _, err := p.Parse(p.Default); err != nil {
		return Param{}, fmt.Errorf("default of %w", err)
	}
	return p, nil
}

func (p *Param) setRange(text string) error {
	p.Range = text
	switch p.Type {
	case ParamString:
		for choice := range strings.SplitSeq(text, "|") {
			if m := columnForm.FindStringSubmatch(choice); m != nil {
				p.columns = append(p.columns, column{m[1], m[2]})
				continue
			}
			p.choices = append(p.choices, choice)
		}
		return nil
	case ParamStyle:
		p.choices = strings.Split(text, "|")
		if bad := slices.IndexFunc(p.choices, func(s string) bool { return !slotName.MatchString(s) }); bad >= 0 {
			return fmt.Errorf("%q: slot %q: want lower-case letters and _", p.Name, p.choices[bad])
		}
		return nil
	case ParamInt, ParamDouble:
		m := numberRange.FindStringSubmatch(text)
		if m == nil {
			return fmt.Errorf("%q: range %q, want LOW..HIGH", p.Name, text)
		}
		if m[1] != "" {
			p.min, _ = strconv.ParseFloat(m[1], 64)
		}
		if m[2] != "" {
			p.max, _ = strconv.ParseFloat(m[2], 64)
		}
		return nil
	}
	return fmt.Errorf("%q: a %s has no range", p.Name, p.Type)
}

// Parse turns text into the parameter's value: int64, float64, string or bool.
func (p Param) Parse(text string) (any, error) {
	fail := func(want string) error { return fmt.Errorf("parameter %q: %q is not %s", p.Name, text, want) }
	switch p.Type {
	case ParamInt:
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil || float64(v) < p.min || float64(v) > p.max {
			return nil, fail(p.wanted("a whole number"))
		}
		return v, nil
	case ParamDouble:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < p.min || v > p.max {
			return nil, fail(p.wanted("a number"))
		}
		return v, nil
	case ParamBool:
		if text != "true" && text != "false" {
			return nil, fail("true or false")
		}
		return text == "true", nil
	}
	if p.Type == ParamString && p.Range != "" && p.columns == nil && !slices.Contains(p.choices, text) {
		return nil, fail("one of " + strings.Join(p.choices, ", "))
	}
	return text, nil
}

// slots are those that the view fills in the templates of a style.
func (p Param) slots() []string {
	if p.choices == nil {
		return []string{"cue"}
	}
	return p.choices
}

// held sees that a value is in one of the columns of the parameter's range, or
// among its other choices.
func (p Param) held(ctx context.Context, s *lake.Session, value any) error {
	text, isText := value.(string)
	if !isText || p.columns == nil || slices.Contains(p.choices, text) {
		return nil
	}
	known := slices.Clone(p.choices)
	for _, c := range p.columns {
		name := duck.Name(c.name)
		values, err := texts(ctx, s, "SELECT DISTINCT "+name+"::VARCHAR FROM "+c.table+" WHERE "+name+" IS NOT NULL ORDER BY 1")
		if err != nil {
			return fmt.Errorf("parameter %q: read %s: %w", p.Name, p.Range, err)
		}
		known = append(known, values...)
	}
	if slices.Contains(known, text) {
		return nil
	}
	return fmt.Errorf("parameter %q: %q is not in %s: there are %s", p.Name, text, p.Range, strings.Join(known, ", "))
}

func (p Param) wanted(kind string) string {
	if p.Range == "" {
		return kind
	}
	return kind + " in " + p.Range
}

// values gives each parameter of the view its value: the one set, or the
// default. A name that the view doesn't have is an error.
func (v *View) values(set map[string]string) (map[string]any, error) {
	values := make(map[string]any, len(v.Params))
	names := make([]string, 0, len(v.Params))
	for _, p := range v.Params {
		text, given := set[p.Name]
		if !given {
			text = p.Default
		}
		value, err := p.Parse(text)
		if err != nil {
			return nil, err
		}
		values[p.Name] = value
		names = append(names, p.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("no parameter %q%s", name, nearest.Hint(name, names))
		}
	}
	return values, nil
}
