package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"alignctl/internal/golden"
	"alignctl/lake"
)

// alignctl runs a command line in this process and gives what it printed.
func alignctl(t *testing.T, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := run(t.Context(), append([]string{"alignctl"}, args...), strings.NewReader(""), &out, &errOut); code != exitDone {
		t.Fatalf("alignctl %s: exit code %d\n%s", strings.Join(args, " "), code, errOut.String())
	}
	return out.String()
}

// Answers made from people's own: the one model gives what they say most, the
// other declines every second time and else knows one word.
const (
	knowing = `select cue, string_agg(response, ', ' order by rank, response) as output from core.strength
where population = 'all' and language = '%s' and rank <= 8 group by cue order by cue`
	ignorant = `select cue, if(row_number() over (order by cue) %% 2 = 0, 'I''m sorry, but I can''t help with that.', min(response) || ', boat, 东西') as output
from core.strength where population = 'all' and language = '%s' and rank = 1 group by cue order by cue`
)

// reportedLake makes a lake of the demo's corpus in an empty working folder, in
// which two models without weights were asked all that can be asked, so that its
// figures are the same everywhere; and gives the evaluations.
func reportedLake(t *testing.T) (runs []string) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv(lake.Variable, "")
	for _, command := range []string{"demo --export .", "init", "etl run", "data build --set top=10 --set copies=1 data.sft_ranked"} {
		alignctl(t, strings.Fields(command)...)
	}
	survey := httptest.NewServer(http.HandlerFunc(choose))
	t.Cleanup(survey.Close)
	for _, model := range []struct{ name, answers string }{{"ignorant", ignorant}, {"knowing", knowing}} {
		for _, language := range []string{"en", "zh"} {
			runs = append(runs, askedFile(t, model.name, model.answers, language))
		}
		alignctl(t, "eval", "wvs", "--endpoint", survey.URL+"/v1", "--served-model", model.name, "--between", demoCountries,
			"--readout", "sampled", "--draws", "2", "--orders", "2")
		runs = append(runs, latestRun(t))
		alignctl(t, "eval", "score", "--suite", "wvs", "--between", demoCountries, "--high-tension", "8", "latest")
	}
	for i, suites := range [][]string{{"associations", "norms"}, {"associations", "norms"}, {"wvs"}} {
		for _, suite := range suites {
			alignctl(t, "eval", "compare", "--suite", suite, runs[3+i], runs[i])
		}
	}
	return runs
}

// askedFile brings the answers of a model to the test cues of a language, scored.
func askedFile(t *testing.T, model, query, language string) string {
	t.Helper()
	file := fmt.Sprintf("%s-%s.jsonl", model, language)
	alignctl(t, "sql", "-o", "jsonl", "--out", file, fmt.Sprintf(query, language))
	var out, errOut bytes.Buffer // answers to the other cues are left out: done in part
	if code := run(t.Context(), []string{"alignctl", "eval", "import", "--data", "data.sft_ranked", "--split", "test", "--lang", language,
		"--name", model, file}, strings.NewReader(""), &out, &errOut); code != exitPartial {
		t.Fatalf("eval import: exit code %d\n%s", code, errOut.String())
	}
	for _, suite := range []string{"associations", "norms"} {
		alignctl(t, "eval", "score", "--suite", suite, "latest")
	}
	return latestRun(t)
}

func latestRun(t *testing.T) string {
	t.Helper()
	lines := strings.Fields(alignctl(t, "sql", "-o", "csv", "select run_id from eval.runs order by started_at desc limit 1"))
	return lines[1]
}

// choose answers a question of the survey: always the first option that is shown,
// or by the question's length.
func choose(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Model    string
		Messages []struct{ Content string }
	}
	_ = json.NewDecoder(r.Body).Decode(&asked)
	answer := "A"
	if text := asked.Messages[len(asked.Messages)-1].Content; asked.Model == "knowing" && len(text)%3 > 0 {
		answer = "B"
	}
	fmt.Fprintf(w, `{"model": %q, "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": %q}}],
		"usage": {"prompt_tokens": 1, "completion_tokens": 1}}`, asked.Model, answer)
}

// TestReport makes the page of a lake's runs once more than needed: it is the
// same; as Markdown it is testdata/report.md; and what stands under a figure as
// SQL gives in alignctl sql what the figure is made from.
func TestReport(t *testing.T) {
	here := workingFolder(t)
	want, pageTest := filepath.Join(here, "testdata", "report.md"), filepath.Join(here, "..", "..", "tests", "browser", "page.js")
	runs := reportedLake(t)
	write := func(file string) string {
		alignctl(t, append([]string{"report", "--force", "-o", file}, runs...)...)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	t.Run("again", func(t *testing.T) {
		if first, second := write("report.html"), write("report.html"); first != second {
			t.Error("two pages of the same runs differ")
		}
	})
	t.Run("golden", func(t *testing.T) { golden.Check(t, want, masked(write("report.md"))) })
	t.Run("browser", func(t *testing.T) { lookAt(t, pageTest, "report.html") })
	t.Run("sql", func(t *testing.T) { checkSQL(t, reportOptions{runs: runs, out: "x.html"}) })
}

func workingFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// What differs from run to run: ids of runs, scorings and snapshots, times.
var changing = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`\d{8}T\d{6}Z-[0-9a-f]{8}`), "RUN"},
	{regexp.MustCompile(`\b[0-9a-f]{12}\b`), "SCORING"},
	{regexp.MustCompile(`\b\d{15,19}\b`), "SNAPSHOT"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?Z)?`), "TIME"},
}

// masked numbers what changes by its first place.
func masked(text string) string {
	for _, c := range changing {
		seen := map[string]string{}
		text = c.pattern.ReplaceAllStringFunc(text, func(found string) string {
			if seen[found] == "" {
				seen[found] = fmt.Sprint(c.name, len(seen)+1)
			}
			return seen[found]
		})
	}
	return text
}

// checkSQL runs the SQL of each section of a report.
func checkSQL(t *testing.T, o reportOptions) {
	l, err := lake.Open(t.Context(), "lake")
	if err != nil {
		t.Fatal(err)
	}
	made, err := makeReport(t.Context(), l, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if len(made.Sections) < 16 {
		t.Errorf("only %d sections", len(made.Sections))
	}
	for _, s := range made.Sections {
		if got := alignctl(t, "sql", "-o", "csv", s.SQL); got != s.Table.CSV() {
			t.Errorf("section %s: alignctl sql gives\n%s\nthe report has\n%s", s.ID, got, s.Table.CSV())
		}
	}
}

// lookAt opens a page in headless Chromium, where make test-browser brought one.
func lookAt(t *testing.T, script, page string) {
	t.Helper()
	if os.Getenv("ALIGNCTL_BROWSER") == "" {
		t.Skip("no browser: make test-browser brings one")
	}
	faults, err := exec.CommandContext(t.Context(), "node", script, page).CombinedOutput()
	if err != nil || len(faults) > 0 {
		t.Errorf("%s in the browser: %v\n%s", page, err, faults)
	}
}
