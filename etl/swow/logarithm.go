package swow

import (
	"context"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"alignctl/etl"
)

// countsQuery gives the different numbers of which cue_stats.sql needs logarithms:
// counts of responses, and their sums over a cue.
const countsQuery = `select distinct n from (
		select n1 as n from swow_edge
		union all select n123 from swow_edge
		union all select cast(sum(n1) as bigint) from swow_edge group by population, cue
		union all select cast(sum(n123) as bigint) from swow_edge group by population, cue
	) counted where n > 0`

// logarithms fills swow_logarithm: the last digit of a logarithm differs from
// engine to engine, so that all take DuckDB's.
func (c *cleaning) logarithms(ctx context.Context) error {
	var counts []string
	for rows, err := range etl.Typed(c.engine.Rows(ctx, countsQuery), etl.Columns(arrow.PrimitiveTypes.Int64)...) {
		if err != nil {
			return err
		}
		for _, n := range rows.Column(0).(*array.Int64).Int64Values() {
			counts = append(counts, strconv.FormatInt(n, 10))
		}
	}
	if len(counts) == 0 {
		return nil
	}
	return c.session.Exec(ctx, `insert into swow_logarithm
		select n, cast(round(1e12 * n * log2(n)) as bigint), log2(n)
		from (select cast(unnest(string_split(?, ',')) as bigint) as n)`, strings.Join(counts, ","))
}
