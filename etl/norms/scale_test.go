package norms

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"alignctl/lake/duck"
)

// onScale runs the transform over the ratings of one dimension and gives their
// values on the shared scale, in order.
func onScale(t *rapid.T, db *duck.DB, own, shared Scale, ratings []float64) (values []float64) {
	ctx := context.Background()
	rows := make([]string, len(ratings))
	for i, r := range ratings {
		rows[i] = fmt.Sprintf("('s', 'en', 'w%06d', 'w%06[1]d', 'd', null::varchar, 'Sum', %[2]s, 1.0::double, 1::bigint, %[3]s, %[4]s, %[5]t)",
			i, double(r), double(own.Low), double(own.High), own.Reversed)
	}
	query, err := transforms.ReadFile("sql/norm.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`create or replace temp table norm_record as select * from (values ` + strings.Join(rows, ", ") + `) as
			t(source, language, headword, folded, dimension, sense, "group", mean, sd, n, scale_low, scale_high, reversed)`,
		fmt.Sprintf("create or replace temp table norm_scale as select 'd' as dimension, %s as low, %s as high", double(shared.Low), double(shared.High)),
	} {
		if err := db.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	found, err := db.Query(ctx, "select value from ("+string(query)+") order by word")
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var v float64
		if err := found.Scan(&v); err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	if err := found.Err(); err != nil || len(values) != len(ratings) {
		t.Fatalf("%d values of %d ratings: %v", len(values), len(ratings), err)
	}
	return values
}

func drawScale(name string) func(*rapid.T) Scale {
	return func(t *rapid.T) Scale {
		low := rapid.Float64Range(-100, 100).Draw(t, name+" low")
		return Scale{Low: low, High: low + rapid.Float64Range(0.5, 50).Draw(t, name+" width")}
	}
}

// TestScaleMap states the laws of the map to the shared scale: ends go to ends,
// values stay inside, order is kept or, where the source is reversed, reversed;
// and mapping back gives the rating again.
func TestScaleMap(t *testing.T) {
	db, err := duck.Open(context.Background(), duck.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rapid.Check(t, func(t *rapid.T) {
		own, shared := drawScale("own")(t), drawScale("shared")(t)
		own.Reversed = rapid.Bool().Draw(t, "reversed")
		ratings := append([]float64{own.Low, own.High}, rapid.SliceOfN(rapid.Float64Range(own.Low, own.High), 2, 6).Draw(t, "ratings")...)
		values := onScale(t, db, own, shared, ratings)
		tolerance := 1e-9 * (math.Abs(shared.Low) + math.Abs(shared.High) + 1) * (1 + 1/(own.High-own.Low))
		least, most := values[0], values[1]
		if own.Reversed {
			least, most = most, least
		}
		if math.Abs(least-shared.Low) > tolerance || math.Abs(most-shared.High) > tolerance {
			t.Fatalf("ends %v of %+v go to %v of %+v", ratings[:2], own, values[:2], shared)
		}
		for i, v := range values {
			if v < shared.Low || v > shared.High {
				t.Fatalf("%v of %+v goes to %v, outside %+v", ratings[i], own, v, shared)
			}
			for j, other := range values {
				if above := ratings[i] > ratings[j]+tolerance; above && own.Reversed && v > other+tolerance ||
					above && !own.Reversed && v < other-tolerance {
					t.Fatalf("order of %v and %v breaks: %v and %v", ratings[j], ratings[i], other, v)
				}
			}
		}
		shared.Reversed = own.Reversed
		back := onScale(t, db, shared, Scale{Low: own.Low, High: own.High}, values)
		for i := range back {
			if math.Abs(back[i]-ratings[i]) > 1e-6 {
				t.Fatalf("%v of %+v comes back as %v", ratings[i], own, back[i])
			}
		}
	})
}
