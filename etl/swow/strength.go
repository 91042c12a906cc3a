package swow

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"alignctl/etl"
)

// namedStrengths is swow_strength in texts.
const namedStrengths = `select l.language, p.population, c.word as cue, w.word as response, s.n1, s.n123, s.total1, s.total123,
		s.strength1, s.strength123, s."rank"
	from swow_strength s join swow_population p on p.number = s.population
	join swow_word c on c.id = s.cue join swow_word w on w.id = s.word cross join swow_language l`

// strength writes core.strength. Ready-made tables have words that no record
// has: with them the engine sorts and writes texts.
func (c *cleaning) strength(ctx context.Context) error {
	if err := c.make(ctx, "strength"); err != nil {
		return err
	}
	query, err := withPublished(ctx, c.job, c.language.Code, namedStrengths)
	if err != nil {
		return err
	}
	if query != namedStrengths {
		_, err = c.engine.Write(ctx, strengthSpec(), c.language.Code, query)
	} else {
		err = c.ownStrength(ctx)
	}
	if err != nil {
		return err
	}
	return c.drop(ctx, "strength")
}

// ownStrength writes core.strength where there is no ready-made table.
func (c *cleaning) ownStrength(ctx context.Context) error {
	s := &strengths{language: newCoded([]string{c.language.Code})}
	err := c.fill(ctx, map[string][]**coded{
		"select population from swow_population order by number": {&s.population},
		"select word from swow_word order by id":                 {&s.cue, &s.response},
	})
	if err != nil {
		return err
	}
	return c.writePages(ctx, strengthSpec(), etl.Ordered{Table: "swow_strength", Query: "select * from swow_strength",
		Order: []string{"population", "cue", "word"}, Page: 1 << 19}, s)
}

// A strengths is rows of core.strength: texts, and pieces of the other columns.
type strengths struct {
	language, population, cue, response *coded

	pieces [7][]arrow.Array
}

// gives are the columns of strength.sql: numbers for the texts, and the others as
// they are written.
func (s *strengths) gives() []arrow.Field {
	number := arrow.PrimitiveTypes.Int32
	return append(etl.Columns(number, number, number), codedSchema(strengthSpec()).Fields()[4:]...)
}

// add adds rows, whose columns are those of strength.sql.
func (s *strengths) add(rows arrow.RecordBatch) error {
	populations, cues := rows.Column(0).(*array.Int32), rows.Column(1).(*array.Int32)
	words := rows.Column(2).(*array.Int32)
	for i, population := range populations.Int32Values() {
		s.language.add(1)
		s.population.add(population)
		s.cue.add(cues.Value(i))
		s.response.add(words.Value(i))
	}
	for i := range s.pieces {
		column := rows.Column(3 + i)
		column.Retain()
		s.pieces[i] = append(s.pieces[i], column)
	}
	return known(s.population, s.cue, s.response)
}

// columns gives the rows so far, and begins anew.
func (s *strengths) columns() ([]arrow.Array, error) {
	columns := []arrow.Array{s.language.array(), s.population.array(), s.cue.array(), s.response.array()}
	for i, pieces := range s.pieces {
		whole, err := array.Concatenate(pieces, memory.DefaultAllocator)
		if err != nil {
			return nil, err
		}
		for _, piece := range pieces {
			piece.Release()
		}
		columns, s.pieces[i] = append(columns, whole), nil
	}
	return columns, nil
}
