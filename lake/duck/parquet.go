package duck

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// ErrNotSelect says that a statement gives no rows that a file could hold.
var ErrNotSelect = errors.New("only a query that gives rows can be written to a file")

// CopyParquet writes a query's rows, in its order, to a Parquet file, which may
// be a named pipe; a confined database does it too, inside the folders that it
// may read. Types that Parquet or Arrow has no equal of change as [Storable]
// says. Compression is a name that DuckDB knows, such as "zstd".
func (d *DB) CopyParquet(ctx context.Context, query, path, compression string) error {
	if err := d.isSelect(ctx, query); err != nil {
		return queryError(query, err)
	}
	columns, err := d.Describe(ctx, query)
	if err != nil {
		return err
	}
	stored := Project(query, columns, func(c Column, name string) string {
		if t := Storable(c.Type); t == "JSON" {
			return "to_json(" + name + ")::VARCHAR"
		} else if t != c.Type {
			return name + "::" + t
		}
		return name
	})
	return Within(query, d.copy(ctx, stored, path, "format parquet, compression "+compression))
}

// CopyCSV is CopyParquet for a CSV file with a header, times in RFC 3339.
// DuckDB makes the texts of all types.
func (d *DB) CopyCSV(ctx context.Context, query, path string) error {
	if err := d.isSelect(ctx, query); err != nil {
		return queryError(query, err)
	}
	return Within(query, d.copy(ctx, query, path, "format csv, header, timestampformat '%Y-%m-%dT%H:%M:%S.%fZ'"))
}

// copy writes at the path itself: what is there may be a pipe.
func (d *DB) copy(ctx context.Context, query, path, options string) error {
	copying := fmt.Sprintf("copy (\n%s\n) to %s (%s, use_tmp_file false)", query, Literal(path), options)
	_, err := d.conn.ExecContext(ctx, copying)
	return queryError(copying, err)
}

// isSelect admits what may stand in the brackets of a COPY: one whole query.
func (d *DB) isSelect(ctx context.Context, query string) error {
	if err := d.need(ctx, query); err != nil {
		return err
	}
	return d.conn.Raw(func(raw any) error {
		prepared, err := raw.(driver.Conn).Prepare(query)
		if err != nil {
			return err
		}
		defer prepared.Close()
		kind, err := prepared.(*duckdb.Stmt).StatementType()
		if err == nil && kind != duckdb.STATEMENT_TYPE_SELECT {
			err = ErrNotSelect
		}
		return err
	})
}

// Project wraps a query so that each of its columns, which are given by
// Describe, goes through an expression of its name; the columns' names and the
// order of the rows stay. When every expression is just the name, the query is
// given back.
func Project(query string, columns []Column, expression func(c Column, name string) string) string {
	names, list := make([]string, len(columns)), make([]string, len(columns))
	same := true
	for i, c := range columns {
		names[i] = fmt.Sprintf("c%d", i) // two columns of a result may have one name
		list[i] = expression(c, names[i])
		same = same && list[i] == names[i]
		list[i] += " as " + quote(c.Name)
	}
	if same {
		return query
	}
	return "select " + strings.Join(list, ", ") + " from (\n" + query + "\n) as t(" + strings.Join(names, ", ") + ")"
}

// quote makes an identifier of a name that may hold dots.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// unstorable finds, in DuckDB's name of a type, the types that a Parquet file
// of DuckDB or a reader by Arrow would change; names and enum values in quotes
// are passed over.
var unstorable = regexp.MustCompile(`"(?:[^"]|"")*"|'(?:[^']|'')*'|TIME WITH TIME ZONE|TIMETZ|` +
	`\b(?:U?HUGEINT|BIGNUM|UUID|INTERVAL|BIT|TIME_NS)\b`)

// unordered finds types without names for their parts, or with a type for each
// value.
var unordered = regexp.MustCompile(`\bUNION\(|\bVARIANT\b|\bSTRUCT\([A-Z_]+[,)\[(]`)

// Storable gives the type as which a column is written to a Parquet file so
// that nothing is lost: HUGEINT and UHUGEINT as DECIMAL(38,0) (a value that
// doesn't fit is an error), BIGNUM, UUID, INTERVAL, BIT, TIME_NS and TIME WITH
// TIME ZONE as text, alone or inside a list, struct or map; a union, a variant
// and a struct without names as "JSON", its text.
func Storable(columnType string) string {
	if unordered.MatchString(columnType) {
		return "JSON"
	}
	return unstorable.ReplaceAllStringFunc(columnType, func(found string) string {
		switch found[0] {
		case '"', '\'':
			return found
		}
		if strings.HasSuffix(found, "HUGEINT") {
			return "DECIMAL(38,0)"
		}
		return "VARCHAR"
	})
}
