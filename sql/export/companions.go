package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
)

// A companion is a file that a layout has beside the rows.
type companion struct {
	name    string
	content []byte
}

// companions are those of the layout, for the splits that have files.
func (x *export) companions() []companion {
	switch x.layout.Name {
	case llamaFactory.Name:
		return []companion{{"dataset_info.json", x.datasetInfo()}}
	case psychling.Name:
		return []companion{{"codebook.csv", x.card.codebook()}}
	}
	return nil
}

// A datasetEntry tells LLaMA-Factory about a file.
type datasetEntry struct {
	File       string            `json:"file_name"`
	Formatting string            `json:"formatting"`
	Ranking    bool              `json:"ranking,omitempty"`
	Columns    map[string]string `json:"columns"`
	Tags       map[string]string `json:"tags"`
}

// datasetInfo is LLaMA-Factory's dataset_info.json, with an entry a split.
func (x *export) datasetInfo() []byte {
	columns := map[string]string{}
	for _, f := range x.fields {
		if f.name == "messages" || f.name == "chosen" || f.name == "rejected" {
			columns[f.name] = f.name
		}
	}
	_, name, _ := strings.Cut(x.card.DataSet, ".")
	entries := map[string]datasetEntry{}
	for _, s := range x.card.Splits {
		if s.File != "" {
			entries[name+"_"+s.Name] = datasetEntry{File: s.File, Formatting: "sharegpt", Ranking: columns["chosen"] != "",
				Columns: columns, Tags: map[string]string{"role_tag": "role", "content_tag": "content", "user_tag": "user",
					"assistant_tag": "assistant", "system_tag": "system"}}
		}
	}
	return indented(entries)
}

// indented is a value in JSON for people. The values here always have one.
func indented(value any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// codebook says in csv what the columns are.
func (c *Card) codebook() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	records := [][]string{{"column", "type", "unit", "meaning"}}
	for _, column := range c.Columns {
		records = append(records, []string{column.Name, column.Type, column.Unit, column.Doc})
	}
	if err := w.WriteAll(records); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}
