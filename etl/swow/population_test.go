package swow

import (
	"strings"
	"testing"

	"alignctl/etl/etltest"
)

func TestPopulationConditions(t *testing.T) {
	l := etltest.NewLake(t)
	file := etltest.File(t, "f.csv", r100Text(`"tea","cup",NA,NA`))
	for where, want := range map[string]string{
		"age >= 18 and country in ('Canada', 'Ireland')":                   "",
		"lower(country) like 'c%' -- a comment":                            "",
		"sampled and prop_x < 0.5 and created_at > timestamp '2012-01-01'": "",
		"agee = 3":                  `there is no column "agee" to test; did you mean "age"?`,
		"r.age = 3":                 `there is no column`,
		"cue = 'tea'":               `there is no column "cue" to test`,
		"age":                       "it gives INTEGER, not true or false",
		"age = ":                    "syntax error",
		"random() < 0.5":            "function random is not allowed",
		"sum(age) > 1":              "function sum is not allowed",
		"getvariable('x')":          "function getvariable is not allowed",
		"row_number() over () = 1":  "a window is not allowed",
		"age in (select 30)":        "a subquery is not allowed",
		"true), (age = 3":           "it is not one expression",
		"1 = 1) union select (true": "it is not one expression",
		"true; drop table t":        "syntax error",
	} {
		_, err := Prepare(t.Context(), l, Options{Files: []string{file}, Language: "en",
			Populations: []Population{{Name: "mine", Where: where}}})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", where, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `population "mine"`)):
			t.Errorf("%s: got %v, want %s", where, err, want)
		}
	}
	_, err := Prepare(t.Context(), l, Options{Files: []string{file}, Language: "en", Populations: []Population{{Name: "all", Where: "age = 3"}}})
	if err == nil || !strings.Contains(err.Error(), "everybody who is kept") {
		t.Errorf("another everybody: %v", err)
	}
}

// TestPopulationsOfTheUser counts by conditions on the record, on the cleaning
// and on both.
func TestPopulationsOfTheUser(t *testing.T) {
	l := etltest.NewLake(t)
	file := etltest.File(t, "f.csv", completeText("1,Canada,tea,cup,hot,leaf", "2,Ireland,tea,cup,hot,hot", "3,Ireland,colour,red,,blue",
		"4,Ireland,tea,,,"))
	load(t, l, Options{Files: []string{file}, Populations: []Population{
		{Name: "irish", Where: "native_language = 'Ireland'"},
		{Name: "full", Where: "prop_x = 0"},
		{Name: "irish full", Where: "native_language = 'Ireland' and prop_x < 0.4"},
		{Name: "us", Where: "country = 'Canada'"}, // instead of the pack's
		{Name: "nobody", Where: "age is null"},
	}})
	etltest.Expect(t, l, "select population, sum(n123)::bigint from core.strength group by population order by population",
		"all|7", "full|3", "irish|4", "irish full|4", "official|5", "us|7")
	etltest.Expect(t, l, "select population, cue, records from core.cue_stats where population in ('irish', 'official') order by all",
		"irish|colour|1", "irish|tea|1", "official|tea|2")
	etltest.Expect(t, l, "select config like '%irish full%' from meta.runs", "true")
}

func TestPopulationThatFailsIsNamed(t *testing.T) {
	l := etltest.NewLake(t)
	for _, where := range []string{"city::int > 3", "city::int > 3 and sampled", "age = 'x'"} {
		text := strings.Replace(completeText("1,Canada,tea,cup,hot,"), ",3,,Canada", ",3,Rome,Canada", 1)
		plan, err := Prepare(t.Context(), l, Options{Files: []string{etltest.File(t, "f.csv", text)}, Language: "en",
			Populations: []Population{{Name: "mine", Where: where}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plan.Load(t.Context()); err == nil || !strings.Contains(err.Error(), `population "mine"`) {
			t.Errorf("%s: %v", where, err)
		}
	}
}
