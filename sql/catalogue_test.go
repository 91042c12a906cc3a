package sql

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// workspace writes files under a fresh folder.
func workspace(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const ownTemplate = `
id: ranked-en-9
style: ranked
language: en
separator: "; "
` + ownTurns

const ownTurns = `messages:
- role: user
  content: "Say what you think of at: {cue}"
`

func TestLoadCatalogue(t *testing.T) {
	c, err := LoadCatalogue(workspace(t, map[string]string{
		"views/own/strong.sql":       strings.ReplaceAll(header, "data.pairs", "data.strong"),
		"templates/ranked-en-9.yaml": ownTemplate,
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data.strong", "strong", "data.sft_ranked", "core.split", "split"} {
		if _, err := c.View(name); err != nil {
			t.Error(err)
		}
	}
	ranked, err := c.ofStyle("ranked")
	if err != nil || len(ranked) != 2 || ranked[0].ID != "ranked-en-9" || ranked[1].Language != "zh" {
		t.Errorf("templates of style ranked: %+v, %v; want the user's EN one in place of the built-in", ranked, err)
	}
}

func TestUnknownNames(t *testing.T) {
	c, err := LoadCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.View("sft_rankd")
	if want := `no data set "sft_rankd"; did you mean "data.sft_ranked"?`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = c.ofStyle("rankd")
	if want := `no template has the style "rankd"; did you mean "ranked"?`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestLoadCatalogueErrors(t *testing.T) {
	template := func(old, new string) map[string]string {
		return map[string]string{"templates/ranked-en-9.yaml": strings.Replace(ownTemplate, old, new, 1)}
	}
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"name clash", map[string]string{"views/sft_ranked.sql": strings.Replace(header, "data.pairs", "data.sft_ranked", 1)},
			`sft_ranked.sql:1: view "data.sft_ranked" is already defined in sql/views/data/sft_ranked.sql`},
		{"no slot", template("{cue}", "it"), "the last message has no slot"},
		{"role", template("role: user", "role: usr"), `"usr" speaks where user should`},
		{"answer last", template("- role: user", "- {role: user, content: \"{cue}\"}\n- role: assistant"), "the user must speak last"},
		{"no turn", template(ownTurns, ""), "the user must speak last"},
		{"no content", template("- role: user", "- role: system\n- role: user"), "content of message 1 is missing"},
		{"unknown field", template("style:", "stile:"), `unknown field "stile"`},
		{"missing field", template("language: en\n", ""), "language is missing"},
		{"file name", template("ranked-en-9", "ranked-en-8"), "a file called ID.yaml"},
		{"two of a language", map[string]string{"templates/ranked-en-9.yaml": ownTemplate,
			"templates/ranked-en-8.yaml": strings.Replace(ownTemplate, "en-9", "en-8", 1)},
			"has the same style and language"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := LoadCatalogue(workspace(t, test.files))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
