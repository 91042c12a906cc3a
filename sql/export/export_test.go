package export

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"alignctl/lake"
	"alignctl/sql"
)

// sets makes a lake with the data sets of testdata; that of supervised examples
// has so many rows.
func sets(t *testing.T, rows string) *lake.Lake {
	t.Helper()
	l, err := lake.Init(t.Context(), filepath.Join(t.TempDir(), "lake"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	catalogue, err := sql.LoadCatalogue("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for name, set := range map[string]map[string]string{"sft": {"rows": rows}, "pair": nil, "question": nil, "oddsplit": nil} {
		if _, err := catalogue.Build(t.Context(), l, name, sql.BuildOptions{Set: set}); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// exported exports into a new folder and gives it.
func exported(t *testing.T, l *lake.Lake, name string, o Options) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "out")
	if _, err := Write(t.Context(), l, name, folder, o); err != nil {
		t.Fatal(err)
	}
	return folder
}

// contents are the files of a folder.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(content)
	}
	return files
}

// More rows than a row group of Parquet has, and than a thread takes at a time.
func TestSameBytesOnAnyThreads(t *testing.T) {
	l := sets(t, "200000")
	for _, o := range []Options{{Layout: "trl"}, {Layout: "jsonl"}, {Layout: "parquet"}, {Layout: "psychling"}} {
		o.Session = lake.SessionOptions{Threads: 1}
		want := contents(t, exported(t, l, "sft", o))
		o.Session = lake.SessionOptions{Threads: 4, Memory: "300MB"}
		got := contents(t, exported(t, l, "sft", o))
		if !maps.Equal(got, want) {
			t.Errorf("%s: the files of 4 threads and 300 MB differ from those of 1 thread", o.Layout)
		}
		if names := slices.Sorted(maps.Keys(got)); len(names) < 5 {
			t.Errorf("%s: files %q", o.Layout, names)
		}
	}
}

// Every JSON line parses, with the members in the order of the columns, and NaN
// as null; csv has the same rows.
func TestLinesHoldTheRows(t *testing.T) {
	l := sets(t, "60")
	objects := contents(t, exported(t, l, "sft", Options{Layout: "jsonl"}))
	table := contents(t, exported(t, l, "sft", Options{Layout: "psychling"}))
	for _, split := range []string{"train", "dev", "test"} {
		records, err := csv.NewReader(strings.NewReader(table[split+".csv"])).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(strings.NewReader(objects[split+".jsonl"]))
		for _, record := range records[1:] {
			if !lines.Scan() {
				t.Fatalf("%s: %d rows in csv, fewer in jsonl", split, len(records)-1)
			}
			checkLine(t, lines.Text(), record)
		}
		if lines.Scan() {
			t.Errorf("%s: more rows in jsonl than in csv", split)
		}
	}
}

func checkLine(t *testing.T, line string, record []string) {
	t.Helper()
	var row struct {
		ID         string `json:"example_id"`
		Language   string
		Cue        string
		Split      string
		Messages   json.RawMessage
		Completion string
		Share      *float64
		Shares     []*float64
	}
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	want := []string{row.ID, row.Language, row.Cue, row.Split, string(row.Messages), row.Completion}
	if diff := cmp.Diff(want, record[:6]); diff != "" {
		t.Errorf("jsonl (-) and csv (+) differ: %s", diff)
	}
	if (row.Share == nil) != (record[6] == "") || record[7] != "" && !json.Valid([]byte(record[7])) {
		t.Errorf("share %v in jsonl, %q in csv; shares %q", row.Share, record[6], record[7])
	}
	if !strings.HasPrefix(line, `{"example_id":"`+row.ID+`","language":"`) {
		t.Errorf("members out of order: %s", line)
	}
}

// Numbers that JSON can't hold are null, however deep they lie.
func TestFiniteIsJSON(t *testing.T) {
	l := sets(t, "1")
	session, err := l.Session(t.Context(), nil, lake.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	nested := lake.List(lake.Struct(lake.Field{Name: "a b", Type: lake.List(lake.Double)}, lake.Field{Name: "c", Type: lake.String}))
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.SampledFrom([]string{"'nan'", "'inf'", "'-inf'", "1.5", "NULL"})
		value := fmt.Sprintf("[{'a b': [%s::DOUBLE, %s], 'c': 'NaN'}, NULL, {'a b': NULL, 'c': NULL}]", number.Draw(t, "a"),
			number.Draw(t, "b"))
		rows, err := session.Query(t.Context(), "SELECT to_json("+finite(nested, "v", 0)+")::VARCHAR FROM (SELECT "+value+" AS v)")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var text string
		if !rows.Next() || rows.Scan(&text) != nil || !json.Valid([]byte(text)) || !strings.Contains(text, `null,{"a b":null,`) {
			t.Fatalf("%s gives %s", value, text)
		}
	})
}

func TestRefusalLeavesNothing(t *testing.T) {
	l := sets(t, "60")
	parent := t.TempDir()
	for _, o := range []Options{{Layout: "nosuch"}, {Layout: "trl", Format: "csv"}, {Layout: "trl", At: "nosuch"}} {
		if _, err := Write(t.Context(), l, "sft", filepath.Join(parent, "out"), o); err == nil {
			t.Errorf("%+v was exported", o)
		}
	}
	if _, err := Write(t.Context(), l, "oddsplit", filepath.Join(parent, "out"), Options{Layout: "jsonl"}); err == nil {
		t.Error("a split named a/b was exported")
	}
	if entries, err := os.ReadDir(parent); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// keysOfLLaMAFactory are the keys of an entry of dataset_info.json, of its
// columns and of its tags, as LLaMA-Factory's data/README.md documents them.
var keysOfLLaMAFactory = map[string][]string{
	"": {"hf_hub_url", "ms_hub_url", "script_url", "cloud_file_name", "file_name", "formatting", "ranking", "subset", "split",
		"folder", "num_samples", "columns", "tags"},
	"columns": {"prompt", "query", "response", "history", "messages", "system", "tools", "images", "videos", "audios",
		"chosen", "rejected", "kto_tag"},
	"tags": {"role_tag", "content_tag", "user_tag", "assistant_tag", "observation_tag", "function_tag", "system_tag"},
}

func TestLLaMAFactoryKnowsTheKeys(t *testing.T) {
	l := sets(t, "60")
	for set, ranking := range map[string]bool{"sft": false, "pair": true} {
		files := contents(t, exported(t, l, set, Options{Layout: "llama-factory"}))
		var entries map[string]map[string]any
		if err := json.Unmarshal([]byte(files["dataset_info.json"]), &entries); err != nil {
			t.Fatal(err)
		}
		for name, entry := range entries {
			if entry["ranking"] == true != ranking || entry["formatting"] != "sharegpt" {
				t.Errorf("%s: %v", name, entry)
			}
			checkEntry(t, entry, files[entry["file_name"].(string)])
		}
		if _, ok := entries[set+"_train"]; !ok {
			t.Errorf("entries %q, want one for train", slices.Sorted(maps.Keys(entries)))
		}
	}
}

// checkEntry sees that an entry has documented keys and that its columns are in
// the rows.
func checkEntry(t *testing.T, entry map[string]any, rows string) {
	t.Helper()
	for part, known := range keysOfLLaMAFactory {
		keys := entry
		if part != "" {
			keys = entry[part].(map[string]any)
		}
		for key := range keys {
			if !slices.Contains(known, key) {
				t.Errorf("key %q of %q is not documented", key, part)
			}
		}
	}
	line, _, _ := strings.Cut(rows, "\n")
	var row map[string]any
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		t.Fatal(err)
	}
	for _, column := range entry["columns"].(map[string]any) {
		if row[column.(string)] == nil {
			t.Errorf("rows have no %v: %s", column, line)
		}
	}
}

// The sums in the card are those of the files, and it holds no time.
func TestCardListsTheFiles(t *testing.T) {
	l := sets(t, "60")
	folder := exported(t, l, "sft", Options{Layout: "llama-factory", Version: "v1"})
	var card Card
	if err := json.Unmarshal([]byte(contents(t, folder)["card.json"]), &card); err != nil {
		t.Fatal(err)
	}
	for _, f := range card.Files {
		if digest, size, err := sum(filepath.Join(folder, f.Name)); err != nil || digest != f.SHA256 || size != f.Bytes {
			t.Errorf("%s: %s of %d bytes, %v; the card says %+v", f.Name, digest, size, err, f)
		}
	}
	if len(card.Files) != 5 || card.Rows != 60 || card.Version != "v1" || card.Builds[0].Params["rows"] != 60.0 {
		t.Errorf("card %+v", card)
	}
	pin, err := l.Pin(t.Context(), "data.sft", "")
	if err != nil || card.Digest != pin.Digest || card.Snapshot != pin.Snapshot {
		t.Errorf("card of %s@%d, the lake has %+v, %v", card.Digest, card.Snapshot, pin, err)
	}
}

func TestNoRights(t *testing.T) {
	c := Card{Licence: lake.NoRedistribution, Sources: []Source{{Source: "a", Licence: "CC"}, {Source: "b"}, {Source: "a", Licence: "CC"}}}
	err := c.permit(false)
	if !errors.Is(err, ErrNoRights) || !strings.Contains(err.Error(),
		"source a is under CC; source b is under a licence that nobody recorded. ") {
		t.Errorf("got %v", err)
	}
	if err := c.permit(true); err != nil || !strings.HasPrefix(c.Rights, "source a is under CC; source b") {
		t.Errorf("with rights: %v, %q", err, c.Rights)
	}
}

func TestShellWord(t *testing.T) {
	for word, want := range map[string]string{"a=1": "a=1", "a=b c": "'a=b c'", "a=it's": `'a=it'\''s'`, "a=茶": "a=茶"} {
		if got := ShellWord(word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}

// Loaders tell folders of the same name apart by the name of the config alone.
func TestConfigNamesTheContent(t *testing.T) {
	a := Card{Layout: "trl", Digest: "sha256:0123456789abcdef0123"}
	if got, want := a.Config(), "trl-0123456789abcdef"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	a.Style = "messages"
	if got, want := a.Config(), "trl-messages-0123456789abcdef"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
