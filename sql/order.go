package sql

import (
	"fmt"
	"slices"
	"strings"
)

// What depends on the order in which rows happen to be read is refused, with
// the cure. Whether an ORDER BY is total, and sums of doubles, can't be seen in
// a query's text: building twice shows them (BuildOptions.Prove).

// orderedAggregates give other values in another order of rows, unless ORDER BY
// stands inside their brackets.
func orderedAggregates() []string {
	return []string{"list", "array_agg", "string_agg", "group_concat", "listagg",
		"first", "last", "any_value", "arbitrary",
		"arg_max", "argmax", "max_by", "arg_max_null", "arg_max_nulls_last",
		"arg_min", "argmin", "min_by", "arg_min_null", "arg_min_nulls_last"}
}

// listSorts put a list into an order of its own. DuckDB's parser makes
// list_sort(list(x)) of list(x ORDER BY x).
func listSorts() []string {
	return []string{"list_sort", "array_sort", "list_reverse_sort", "array_reverse_sort"}
}

// sorted marks a node of the tree whose list is sorted around it.
const sorted = "alignctl: sorted"

// disorderly are aggregates that no ORDER BY makes the same on any order of
// rows, and what to use instead.
func disorderly() map[string]string {
	const exact = "take quantile_disc() or quantile_cont()"
	const json = "take to_json(list(... ORDER BY ...))"
	return map[string]string{
		"mode":               "count the values, then take first(value ORDER BY n DESC, value)",
		"approx_quantile":    exact,
		"reservoir_quantile": exact,
		"approx_top_k":       "count the values and number them by row_number() OVER (ORDER BY n DESC, value)",
		"json_group_array":   json,
		"json_group_object":  json,
	}
}

// orderedWindows number rows or look at neighbours: without an order they give
// what happens to come first.
func orderedWindows() []string {
	return []string{"WINDOW_ROW_NUMBER", "WINDOW_NTILE", "WINDOW_LAG", "WINDOW_LEAD", "WINDOW_FIRST_VALUE",
		"WINDOW_LAST_VALUE", "WINDOW_NTH_VALUE", "WINDOW_FILL"}
}

// checkOrder refuses what takes rows in the order in which they come.
func (w *treeWalk) checkOrder(node map[string]any) {
	switch node["class"] {
	case "FUNCTION":
		w.checkAggregate(node)
	case "WINDOW":
		w.checkWindow(node)
	}
	if node["ref_type"] == "POSITIONAL" {
		w.fail(node, "POSITIONAL JOIN pairs rows as they come: join by a key")
	}
	w.checkModifiers(node)
}

func (w *treeWalk) checkAggregate(node map[string]any) {
	name, _ := node["function_name"].(string)
	if cure, found := disorderly()[name]; found {
		w.fail(node, fmt.Sprintf("%s() depends on the order of rows: %s", name, cure))
		return
	}
	if args := children(node, "children"); slices.Contains(listSorts(), name) && len(args) > 0 {
		args[0][sorted] = true
		return
	}
	inside, _ := node["order_bys"].(map[string]any)
	if slices.Contains(orderedAggregates(), name) && inside["orders"] == nil && node[sorted] == nil {
		w.fail(node, fmt.Sprintf("%s() without ORDER BY depends on the order of rows: write %s(... ORDER BY ...), "+
			"by columns that leave no ties", name, name))
	}
}

// checkWindow refuses window functions that need an order and have none. A
// frame counted in rows is such too.
func (w *treeWalk) checkWindow(node map[string]any) {
	name, _ := node["function_name"].(string)
	if cure, found := disorderly()[name]; found {
		w.fail(node, fmt.Sprintf("%s() depends on the order of rows: %s", name, cure))
		return
	}
	if node["orders"] != nil || node["arg_orders"] != nil {
		return
	}
	kind, _ := node["type"].(string)
	start, _ := node["start"].(string)
	end, _ := node["end"].(string)
	byRows := strings.HasSuffix(start, "_ROWS") || strings.HasSuffix(end, "_ROWS")
	if byRows || slices.Contains(orderedWindows(), kind) || slices.Contains(orderedAggregates(), name) {
		w.fail(node, fmt.Sprintf("%s() over a window without ORDER BY depends on the order of rows: "+
			"write OVER (... ORDER BY ...), by columns that leave no ties", name))
	}
}

// checkModifiers looks at LIMIT, OFFSET and DISTINCT ON of a SELECT, whose ORDER
// BY stands beside them.
func (w *treeWalk) checkModifiers(node map[string]any) {
	modifiers := children(node, "modifiers")
	if slices.ContainsFunc(modifiers, func(m map[string]any) bool { return m["type"] == "ORDER_MODIFIER" }) {
		return
	}
	const cure = "add ORDER BY beside it, by columns that leave no ties"
	for _, m := range modifiers {
		limit, _ := m["limit"].(map[string]any)
		offset, _ := m["offset"].(map[string]any)
		on := children(m, "distinct_on_targets")
		switch {
		case len(on) > 0:
			w.fail(on[0], "DISTINCT ON without ORDER BY keeps whichever row comes first: "+cure)
		case offset != nil:
			w.fail(offset, "OFFSET without ORDER BY leaves out whichever rows come first: "+cure)
		case limit != nil && !takesNoneOrAll(limit):
			w.fail(limit, "LIMIT without ORDER BY takes whichever rows come first: "+cure)
		}
	}
}

// takesNoneOrAll says whether a limit is 0 or ALL, which no order changes.
func takesNoneOrAll(limit map[string]any) bool {
	value, _ := limit["value"].(map[string]any)
	return value != nil && (value["is_null"] == true || value["value"] == 0.0)
}

// children are the objects of a list in a parse tree.
func children(node map[string]any, name string) []map[string]any {
	list, _ := node[name].([]any)
	found := make([]map[string]any, 0, len(list))
	for _, child := range list {
		if object, ok := child.(map[string]any); ok {
			found = append(found, object)
		}
	}
	return found
}
