package swow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alignctl/etl"
	"alignctl/internal/nearest"
	"alignctl/lake/duck"
)

// everybody is the population that every language has.
const everybody = "all"

// maxPopulations is how many a language can have: each is a bit of a number.
const maxPopulations = 60

// recordFacts are the columns of raw.swow that a condition may test.
var recordFacts = map[string]string{
	"source": "VARCHAR", "layout": "VARCHAR", "participant_id": "VARCHAR", "created_at": "TIMESTAMP", "age": "INTEGER",
	"gender": "VARCHAR", "native_language": "VARCHAR", "education": "INTEGER", "city": "VARCHAR", "country": "VARCHAR",
	"section": "VARCHAR",
}

// cleaningFacts are what the cleaning says of a record: whether it is in the
// official sample and whether its cue is a variant; and its participant's
// statistics, by the names of core.participant.
var cleaningFacts = map[string]string{"sampled": "BOOLEAN", "variant": "BOOLEAN"}

var participantFacts = map[string]string{
	"records": "BIGINT", "prop_x": "DOUBLE", "prop_english": "DOUBLE", "prop_repeat": "DOUBLE", "prop_ngram": "DOUBLE",
}

// Facts lists the columns that the condition of a Population may test.
func Facts() []string { return slices.Sorted(maps.Keys(factTypes())) }

func factTypes() map[string]string {
	types := maps.Clone(recordFacts)
	maps.Copy(types, cleaningFacts)
	maps.Copy(types, participantFacts)
	return types
}

// A group is a population whose condition has been checked.
type group struct {
	Population
	bit  int64
	uses []string // facts that the condition tests
}

// condition is the group's condition as an expression.
func (g group) condition() string {
	if g.Where == "" {
		return "true"
	}
	return "(" + g.Where + "\n)" // a comment may end the condition
}

// value is the group's bit where the condition holds, else 0.
func (g group) value() string {
	return fmt.Sprintf("case when %s then %d::bigint else 0 end", g.condition(), g.bit)
}

func (g group) tests(facts map[string]string) bool {
	return slices.ContainsFunc(g.uses, func(name string) bool { _, ok := facts[name]; return ok })
}

// late reports whether the condition waits for what the cleaning says.
func (g group) late() bool { return g.tests(cleaningFacts) || g.tests(participantFacts) }

// groups are the populations of a language.
type groups []group

// byName are the groups in the order of their names.
func (gs groups) byName() groups {
	return slices.SortedFunc(slices.Values(gs), func(a, b group) int { return strings.Compare(a.Name, b.Name) })
}

// early are the groups whose conditions a record decides by itself.
func (gs groups) early() groups {
	return slices.DeleteFunc(slices.Clone(gs), group.late)
}

// lateOnes are the others.
func (gs groups) lateOnes() groups {
	return slices.DeleteFunc(slices.Clone(gs), func(g group) bool { return !g.late() })
}

// bits is the sum of the groups' bits for a record.
func (gs groups) bits() string {
	terms := []string{"0::bigint"}
	for _, g := range gs {
		terms = append(terms, g.value())
	}
	return strings.Join(terms, " + ")
}

// members is the query of swow_member: the records of kept participants with
// all bits. It goes back to the raw records only for a condition that tests
// them and the cleaning together.
func (gs groups) members() string {
	columns, from := []string{"k.sampled", "k.variant"}, "swow_kept k"
	late := gs.lateOnes()
	if slices.ContainsFunc(late, func(g group) bool { return g.tests(participantFacts) }) {
		from += " join swow_judged j on j.person = k.person"
		columns = append(columns, prefixed("j.", participantFacts)...)
	}
	if slices.ContainsFunc(late, func(g group) bool { return g.tests(recordFacts) }) {
		from += " join swow_file f on f.file = k.trial >> 40" +
			" join swow_record r on r.source = f.source and r.file_id = f.file_id and r.line = k.trial % 1099511627776"
		columns = append(columns, prefixed("r.", recordFacts)...)
	}
	return fmt.Sprintf(`select k_cue as cue, k_w1 as w1, k_k1 as k1, k_w2 as w2, k_k2 as k2, k_w3 as w3, k_k3 as k3,
		k_members + %s as members
		from (select k.cue as k_cue, k.w1 as k_w1, k.k1 as k_k1, k.w2 as k_w2, k.k2 as k_k2, k.w3 as k_w3, k.k3 as k_k3,
			k.members as k_members, %s
			from %s where k.valid)`, late.bits(), strings.Join(columns, ", "), from)
}

func prefixed(prefix string, facts map[string]string) []string {
	names := slices.Sorted(maps.Keys(facts))
	for i, name := range names {
		names[i] = prefix + name
	}
	return names
}

// checkPopulations checks the conditions of populations, and gives each a bit. An
// engine other than DuckDB takes only those that mean the same there.
func checkPopulations(ctx context.Context, e etl.Session, list []Population, on etl.Opener) (groups, error) {
	if len(list) > maxPopulations {
		return nil, fmt.Errorf("%d populations: at most %d", len(list), maxPopulations)
	}
	var columns []string
	types := factTypes()
	for _, name := range Facts() {
		columns = append(columns, name+" "+types[name])
	}
	if err := e.Exec(ctx, "create or replace temp table swow_fact("+strings.Join(columns, ", ")+")"); err != nil {
		return nil, err
	}
	refused, err := unstable(ctx, e)
	if err != nil {
		return nil, err
	}
	var gs groups
	for i, p := range list {
		g := group{Population: p, bit: 1 << i}
		if p.Where != "" {
			root, err := expression(ctx, e, p.Where)
			if err == nil {
				g.uses, err = condition(ctx, e, p.Where, root, refused)
			}
			if err == nil && on != nil {
				err = portable(root, on.Name())
			}
			if err != nil {
				return nil, fmt.Errorf("population %q: condition %q: %w", p.Name, p.Where, err)
			}
		}
		gs = append(gs, g)
	}
	return gs, nil
}

// unstable names the functions that a condition may not call: those whose value
// changes from call to call or depends on the session, and those of many rows.
func unstable(ctx context.Context, e etl.Session) (map[string]bool, error) {
	rows, err := e.Query(ctx, `select distinct function_name from duckdb_functions()
		where stability <> 'CONSISTENT' or function_type not in ('scalar', 'macro')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names := map[string]bool{"getvariable": true, "current_setting": true, "error": true}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names[name] = true
	}
	return names, rows.Err()
}

// condition checks that an expression is true or false for a record by its facts
// alone, and gives the facts that it tests.
func condition(ctx context.Context, e etl.Session, where string, root any, refused map[string]bool) ([]string, error) {
	uses := map[string]bool{}
	if err := inspect(root, refused, uses); err != nil {
		return nil, err
	}
	rows, err := e.Query(ctx, "select column_type from (describe select (\n"+where+"\n) as v from swow_fact)")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var is string
	if rows.Next() {
		if err := rows.Scan(&is); err != nil {
			return nil, err
		}
	}
	if is != "BOOLEAN" {
		return nil, fmt.Errorf("it gives %s, not true or false; compare the value, as in age >= 18", is)
	}
	return slices.Sorted(maps.Keys(uses)), rows.Err()
}

// errNotExpression says that a text is more or less than one expression.
var errNotExpression = errors.New("it is not one expression, such as country = 'Canada' and age >= 18")

// expression gives DuckDB's parse tree of a text that is one expression: it is
// parsed as the only column of a SELECT, which may then hold nothing else.
func expression(ctx context.Context, e etl.Session, where string) (any, error) {
	query := "select json_serialize_sql(" + duck.Literal("select (\n"+where+"\n) from swow_fact") +
		"::varchar, skip_null := true, skip_empty := true)::varchar"
	var text string
	if err := etl.Scan(ctx, e, query, &text); err != nil {
		return nil, err
	}
	var parsed struct {
		Error      bool   `json:"error"`
		Message    string `json:"error_message"`
		Statements []struct {
			Node map[string]any `json:"node"`
		} `json:"statements"`
	}
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return nil, fmt.Errorf("read parse tree: %w", err)
	}
	if parsed.Error {
		return nil, errors.New(parsed.Message)
	}
	if len(parsed.Statements) != 1 {
		return nil, errNotExpression
	}
	node := parsed.Statements[0].Node
	list, _ := node["select_list"].([]any)
	from, _ := node["from_table"].(map[string]any)
	for _, clause := range []string{"where_clause", "group_expressions", "having", "qualify", "sample", "modifiers", "cte_map"} {
		if v, has := node[clause].(map[string]any); has && len(v) > 0 {
			return nil, errNotExpression
		}
	}
	if node["type"] != "SELECT_NODE" || len(list) != 1 || from["table_name"] != "swow_fact" {
		return nil, errNotExpression
	}
	return list[0], nil
}

// inspect walks a parse tree: it notes the facts in uses, and refuses what isn't
// about the record alone.
func inspect(node any, refused, uses map[string]bool) error {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			if err := inspect(child, refused, uses); err != nil {
				return err
			}
		}
	case map[string]any:
		if err := inspectOne(node, refused, uses); err != nil {
			return err
		}
		for _, child := range node {
			if err := inspect(child, refused, uses); err != nil {
				return err
			}
		}
	}
	return nil
}

func inspectOne(node map[string]any, refused, uses map[string]bool) error {
	switch node["class"] {
	case "SUBQUERY", "WINDOW", "STAR", "PARAMETER", "LAMBDA", "DEFAULT":
		return fmt.Errorf("a %s is not allowed: it must be about the record alone", strings.ToLower(node["class"].(string)))
	case "FUNCTION":
		if name, _ := node["function_name"].(string); refused[name] {
			return fmt.Errorf("function %s is not allowed: it must give the same for the same record", name)
		}
	case "COLUMN_REF":
		names, _ := node["column_names"].([]any)
		name, _ := names[len(names)-1].(string)
		name = strings.ToLower(name)
		if len(names) != 1 || factTypes()[name] == "" {
			return unknownFact(name)
		}
		uses[name] = true
	}
	return nil
}

func unknownFact(name string) error {
	return fmt.Errorf("there is no column %q to test%s", name, nearest.Hint(name, Facts()))
}

// blame finds the population whose condition made a statement fail on the
// records at hand, such as by a text that is no number.
func (gs groups) blame(ctx context.Context, e etl.Engine, failure error) error {
	if try(ctx, e, "select 1") != nil {
		return failure // the engine is gone
	}
	for _, g := range gs {
		if g.Where == "" || ctx.Err() != nil {
			continue
		}
		query := "select count(*) from swow_record where " + g.condition()
		if g.late() {
			query = "select sum(members) from (" + groups{g}.members() + ")"
		}
		if err := try(ctx, e, query); err != nil {
			return fmt.Errorf("population %q: condition %q: %w", g.Name, g.Where, err)
		}
	}
	return failure
}

// try runs a query for its error.
func try(ctx context.Context, e etl.Engine, query string) error {
	for _, err := range e.Rows(ctx, query) {
		if err != nil {
			return err
		}
	}
	return nil
}
