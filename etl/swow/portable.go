package swow

import (
	"fmt"
	"slices"
	"strings"
)

// What a condition may be made of so that it means the same on every engine, as
// DuckDB's parser calls it.
var (
	portableParts = []string{"COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "BETWEEN", "OPERATOR", "CASE"}
	// These are functions to the parser: + - * and LIKE.
	portableFunctions = []string{"+", "-", "*", "~~", "!~~"}
)

// portable walks a parse tree and refuses what another engine may take otherwise:
// a cast of a text, the case of letters, or a function that it doesn't have.
func portable(node any, engine string) error {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			if err := portable(child, engine); err != nil {
				return err
			}
		}
	case map[string]any:
		if part := foreign(node); part != "" {
			return fmt.Errorf("%s may mean something else on %s than on DuckDB; comparisons, AND, OR, NOT, IN, BETWEEN, "+
				"LIKE, CASE, + - and * don't: use these, or --engine duckdb", part, engine)
		}
		for _, child := range node {
			if err := portable(child, engine); err != nil {
				return err
			}
		}
	}
	return nil
}

// foreign names what isn't portable of a node itself, "" where it is.
func foreign(node map[string]any) string {
	if text, ok := node["value"].(string); ok && strings.Contains(text, `\`) {
		return "a backslash"
	}
	class, _ := node["class"].(string)
	if class == "FUNCTION" {
		if name, _ := node["function_name"].(string); !slices.Contains(portableFunctions, name) {
			return "function " + name
		}
		return ""
	}
	if class != "" && !slices.Contains(portableParts, class) {
		return "a " + strings.ToLower(class)
	}
	return ""
}
