package duck

import (
	"database/sql"
	"database/sql/driver"
	"fmt"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"alignctl/internal/fold"
)

// foldFunction is fold(text) in SQL: [fold.Word], the form in which words are
// looked up. DuckDB's own lower() folds other words than Go does, and what is
// folded when it is loaded must be found by what is folded in a query.
type foldFunction struct{ text duckdb.TypeInfo }

// Config declares the function: a text for a text; NULL for NULL.
func (f foldFunction) Config() duckdb.ScalarFuncConfig {
	return duckdb.ScalarFuncConfig{InputTypeInfos: []duckdb.TypeInfo{f.text}, ResultTypeInfo: f.text}
}

// Executor runs the function.
func (foldFunction) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		text, ok := values[0].(string)
		if !ok {
			return nil, fmt.Errorf("fold text: got a %T", values[0])
		}
		return fold.Word(text), nil
	}}
}

// addFunctions gives a connection the functions that SQL has beside DuckDB's.
func addFunctions(conn *sql.Conn) error {
	text, err := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	if err != nil {
		return fmt.Errorf("add function fold: %w", err)
	}
	if err := duckdb.RegisterScalarUDF(conn, "fold", foldFunction{text}); err != nil {
		return fmt.Errorf("add function fold: %w", err)
	}
	return nil
}
