package swow

import (
	"context"
	"strings"
	"testing"

	"alignctl/etl"
	"alignctl/etl/etltest"
	"alignctl/lake"
)

// elsewhere is an engine that no test opens.
type elsewhere struct{}

func (elsewhere) Name() string                                        { return "elsewhere 1" }
func (elsewhere) Open(context.Context, *lake.Run) (etl.Engine, error) { panic("opened") }

// Another engine takes a condition only where it means the same there.
func TestPortableConditions(t *testing.T) {
	l := etltest.NewLake(t)
	file := etltest.File(t, "f.csv", r100Text(`"tea","cup",NA,NA`))
	for where, want := range map[string]string{
		"age >= 18 and country in ('Canada', 'O''Brien') and not sampled":        "",
		"city is null or city not like 'A%' or age + 2 * age between 3 and 9":    "",
		"case when variant then prop_x < 0.5 else created_at > '2012-01-01' end": "",
		"lower(country) = 'canada'":              "function lower may mean something else on elsewhere 1",
		"city::int > 3":                          "a cast may mean something else",
		"created_at > timestamp '2012-01-01'":    "a cast may mean",
		"age / 2 > 3":                            "function / may mean",
		`country = 'a\nb'`:                       "a backslash may mean",
		"lower(country) = 'canada' and agee = 3": `there is no column "agee"`,
	} {
		_, err := Prepare(t.Context(), l, Options{Files: []string{file}, Language: "en", Engine: elsewhere{},
			Populations: []Population{{Name: "mine", Where: where}}})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %s", where, err, want)
		}
	}
}
