package reward_test

import (
	"testing"

	"alignctl/lake"
	"alignctl/lake/laketest"
)

func column(name string, typ lake.Type) lake.Column {
	return lake.Column{Name: name, Type: typ}
}

var messages = column("messages", lake.List(lake.Struct(
	lake.Field{Name: "role", Type: lake.String}, lake.Field{Name: "content", Type: lake.String})))

// dataSet is the spec of a data set with these columns besides the usual ones.
func dataSet(name string, more ...lake.Column) lake.Spec {
	return lake.Spec{Name: name, Key: []string{"example_id"}, Licence: lake.NoRedistribution,
		Columns: append([]lake.Column{column("example_id", lake.String), column("language", lake.String),
			column("cue", lake.String), column("split", lake.String), messages}, more...)}
}

var strengthSpec = lake.Spec{Name: "core.strength", Key: []string{"language", "population", "cue", "response"},
	Licence: lake.NoRedistribution, Columns: []lake.Column{
		column("language", lake.String), column("population", lake.String), column("cue", lake.String),
		column("response", lake.String), column("n1", lake.Long), column("n123", lake.Long),
	}}

const asked = `'en' as language, cue, split, [{role: 'user', content: 'words for ' || cue}] as messages
	from (values ('sky', 'train'), ('sea', 'train'), ('sun', 'dev')) v(cue, split)`

// openSession is a session on a lake with people's responses to three cues, and
// with data sets that ask for them: with a label of counts, with one of words, of a
// population without a label, and without anything.
func openSession(t testing.TB) *lake.Session {
	counts := column("label", lake.List(lake.Struct(lake.Field{Name: "response", Type: lake.String},
		lake.Field{Name: "n", Type: lake.Long}, lake.Field{Name: "rank", Type: lake.Double})))
	return sessionOf(t, []laketest.Table{
		{Spec: strengthSpec, Query: `from (values ('en', 'all', 'sky', 'blue', 3, 9), ('en', 'all', 'sky', 'cloud', 2, 4),
			('en', 'all', 'sky', 'rain', 1, 4), ('en', 'all', 'sky', 'sky', 1, 1), ('en', 'us', 'sky', 'jet', 5, 5),
			('en', 'all', 'sea', 'wave', 2, null::bigint), ('en', 'us', 'sea', 'salt', 1, 1),
			('en', 'us', 'sun', 'hot', 7, 8), ('en', 'all', 'sun', 'moon', 1, 2))
			v(language, population, cue, response, n1, n123)`},
		{Spec: dataSet("data.counted", counts), Query: `select cue as example_id, [{response: 'blue', n: 2::bigint, rank: 1.5::double},
			{response: 'wave', n: 2::bigint, rank: 1.5::double}, {response: 'sun', n: 1::bigint, rank: 3::double}] as label, ` + asked},
		{Spec: dataSet("data.words", column("label", lake.List(lake.String))), Query: `select cue as example_id, ['blue', 'wave'] as label, ` + asked},
		{Spec: dataSet("data.free"), Query: `select 'en:' || cue as example_id, ` + asked},
		{Spec: dataSet("data.us", column("population", lake.String)), Query: `select cue as example_id, 'us' as population, ` + asked},
	})
}

// openStrengths is a session on as many strengths as the largest language has.
func openStrengths(t testing.TB) *lake.Session {
	return sessionOf(t, []laketest.Table{{Spec: strengthSpec, Query: `select 'en' as language, 'all' as population, 'cue ' || (i // 40) as cue,
		'response ' || (i % 40) as response, 1 as n1, 40 - i % 40 as n123 from range(480000) r(i)`}})
}

// sessionOf is a session on a new lake with these tables.
func sessionOf(t testing.TB, tables []laketest.Table) *lake.Session {
	t.Helper()
	l := laketest.New(t, tables...)
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	session, err := l.Session(t.Context(), pins, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}
