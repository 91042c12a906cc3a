package reward_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"alignctl/lake"
	"alignctl/train/reward"
)

// three are samples that differ in what can be read of them.
var three = []reward.Sample{
	{ExampleID: "en:sky:1", Language: "en", Cue: "sky", Prompt: "words for sky", Completion: "Blue, cloud", Label: skyLabel},
	{ExampleID: "en:sky:2", Language: "en", Cue: "sky", Completion: "Final ranking:\n1: **Sun**\n2: blue", Label: skyLabel},
	{ExampleID: "en:sky:3", Language: "en", Cue: "sky", Completion: "\x00 \xff 'quoted' \"twice\"\n"},
}

func sqlScores(ctx context.Context, session *lake.Session, sql string, samples []reward.Sample) ([]reward.Score, error) {
	scorer, err := reward.Options{SQL: sql}.Open(ctx, session)
	if err != nil {
		return nil, err
	}
	return scorer.Score(ctx, samples)
}

func TestSQLScores(t *testing.T) {
	session := openSession(t)
	for _, test := range []struct {
		name, sql string
		want      []float64
	}{
		{"an expression", "length(completion) / 10", []float64{1.1, 3.3, 2.1}},
		{"a truth", "completion like '%blue%'", []float64{0, 1, 0}},
		{"a comment and a semicolon", "1 -- the same for all\n;", []float64{1, 1, 1}},
		{"words that were read", "len(list_filter(words, lambda w: w in ('blue', 'cloud')))", []float64{2, 1, 0}},
		{"the ranking that was read", "coalesce(list_position(ranked, 'blue'), -1)", []float64{-1, 2, -1}},
		{"the label", "coalesce(list_sum(list_transform(label, lambda a: a.n)), 0)", []float64{20, 20, 0}},
		{"a query", "/* mine */ select sample, sample * 2 as reward from samples", []float64{0, 2, 4}},
		{"a query with a name for a part, and a join with the lake", strengthReward, []float64{13, 9, 0}},
		{"what it can't read", "select sample, null::double as reward, 'so it is' as failed from samples", []float64{-1, -1, -1}},
	} {
		scores, err := sqlScores(t.Context(), session, test.sql, three)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var got []float64
		for _, s := range scores {
			got = append(got, s.Reward)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: rewards %v, want %v", test.name, got, test.want)
		}
	}
}

// Which tables a reward reads is found in it, for the lineage of what learns.
func TestSQLTables(t *testing.T) {
	session := openSession(t)
	scorer, err := reward.Options{Parts: "sql,format", SQL: `with s as (from core.strength) select sample, count(*) as reward
		from samples, s, Core.Strength as again, data.free group by all`}.Open(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"core.strength", "data.free"}; !slices.Equal(scorer.Tables(), want) {
		t.Errorf("tables %v, want %v", scorer.Tables(), want)
	}
}

// What is wrong with a reward is said before any training, with its place, or
// with the samples that it fails on.
func TestSQLRefuses(t *testing.T) {
	session := openSession(t)
	for _, test := range []struct {
		sql  string
		want []string
	}{
		{"length(completon)", []string{"completon", "\n"}},
		{"select sample, 1 as reward from core.strenth", []string{"strenth"}},
		{"1 +", []string{"syntax error"}},
		{"'a lot'", []string{"the reward is VARCHAR: want a number"}},
		{"select 1 as reward from samples", []string{"its columns are reward: want sample, reward"}},
		{"select sample, 1 as reward, 2 as other from samples", []string{`column "other"`}},
		{"select sample, 1 as reward from samples; drop table x", []string{"syntax error"}},
		{"cast(completion as double)", []string{`example "en:sky:1" (answer "Blue, cloud")`, "Could not convert"}},
		{"case sample when 1 then error('no good: ' || completion) else 1 end", []string{`example "en:sky:2"`, "no good"}},
		{"case when sample > 0 then null else 1 end", []string{"2 of 3 samples have the reward NULL",
			`example "en:sky:2" (answer "Final ranking:\n1: **Sun**\n2: blue")`, `example "en:sky:3"`, "coalesce"}},
		{"'nan'::double", []string{"3 of 3 samples have a reward that isn't finite", `example "en:sky:1"`}},
		{"'-inf'::double", []string{"isn't finite"}},
		{"select sample, 1 as reward from samples where sample <> 1", []string{"1 of 3 samples have no row", `"en:sky:2"`}},
		{"select a.sample, 1 as reward from samples a, samples b where a.sample = 2", []string{"2 of 3 samples have no row"}},
		{"select sample, 1 as reward from samples union all select 2, 1 from samples", []string{"1 of 3 samples have several rows", `"en:sky:3"`}},
		{"select sample + 1 as sample, 1 as reward from samples", []string{"a row is of sample 3: there are 0 to 2"}},
		{"select null as sample, 1 as reward", []string{"its column sample is NULL"}},
	} {
		_, err := sqlScores(t.Context(), session, test.sql, three)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q", test.sql, err, want)
			}
		}
	}
}

// Whatever a model writes reaches SQL as it is; bytes that are no UTF-8 become
// the character that says so.
func FuzzSQLSeesCompletion(f *testing.F) {
	session := openSession(f)
	scorer, err := reward.Options{SQL: "length(completion)"}.Open(f.Context(), session)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "\x00", "a\u2028'\"\\u0000", "<&>", "\xed\xa0\x80", "天\xe7\xa9", "$1 ? {}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, completion string) {
		scores, err := scorer.Score(t.Context(), []reward.Sample{{Completion: completion}})
		if want := len([]rune(completion)); err != nil || scores[0].Reward != float64(want) {
			t.Fatalf("%q: scores %v, error %v; want length %d", completion, scores, err, want)
		}
	})
}

// BenchmarkSQL scores a batch of 64 answers by SQL: an expression, and a query
// that joins 480,000 strengths.
func BenchmarkSQL(b *testing.B) {
	session := openStrengths(b)
	samples := make([]reward.Sample, 64)
	for i := range samples {
		cue := fmt.Sprintf("cue %d", i*97)
		samples[i] = reward.Sample{ExampleID: cue, Language: "en", Cue: cue, Completion: "response 1, response 7, response 99, other"}
	}
	for name, sql := range map[string]string{
		"expression": "len(list_filter(words, lambda w: starts_with(w, 'response'))) / 10",
		"join":       strengthReward,
	} {
		scorer, err := reward.Options{SQL: sql}.Open(b.Context(), session)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := scorer.Score(b.Context(), samples); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// strengthReward sums the strengths of the words that an answer lists.
const strengthReward = `with listed as (select sample, language, cue, unnest(words) as response from samples)
	select sample, coalesce(sum(n123), 0) as reward
	from samples left join listed using (sample)
	left join core.strength as s on s.population = 'all' and s.language = listed.language and s.cue = listed.cue
		and s.response = listed.response
	group by sample`
