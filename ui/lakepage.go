package ui

import (
	"strings"

	"alignctl/lake"
	"alignctl/sql"
)

// A lakeBody is what the first page shows.
type lakeBody struct {
	Detail lake.LakeDetail
	Last   []lake.LogEntry // the newest first
	Groups []tableGroup
}

// A tableGroup is the tables of a schema.
type tableGroup struct {
	Schema, Doc string
	Tables      []tableLine
}

// A tableLine is a table, or a view, which has no rows of its own.
type tableLine struct {
	Name, Doc string
	View      bool
	Rows      int64
	Bytes     int64
}

// schemas are the schemas in the order in which data flows, and what is in them.
var schemas = [][2]string{
	{"raw", "files as they came"},
	{"core", "cleaned data, and what was computed from it"},
	{"data", "data sets for training and evaluation"},
	{"train", "training runs, step by step"},
	{"eval", "what models answered, and how well"},
	{"meta", "the lake's own memory: who made what from what"},
}

func lakePage(v *visit) (page, error) {
	var b lakeBody
	var err error
	if b.Detail, err = v.lake.Detail(v.ctx); err != nil {
		return page{}, err
	}
	if b.Last, err = v.lake.Log(v.ctx, lake.LogOptions{Limit: 5}); err != nil {
		return page{}, err
	}
	tables, err := v.lake.Details(v.ctx)
	if err != nil {
		return page{}, err
	}
	var lines []tableLine
	for _, t := range tables {
		lines = append(lines, tableLine{Name: t.Table, Doc: firstSentence(t.Spec.Doc), Rows: t.Rows, Bytes: t.Bytes})
	}
	err = v.session(func(s *sql.Session) error {
		for _, view := range s.Views() {
			lines = append(lines, tableLine{Name: view.Name, Doc: firstSentence(view.Doc), View: true})
		}
		return nil
	})
	b.Groups = grouped(lines)
	return page{template: "lake", Title: "Lake", Tab: "lake", Body: b}, err
}

// grouped puts tables under their schemas; those of other engines' come last.
func grouped(lines []tableLine) (groups []tableGroup) {
	at := map[string]int{}
	for i, s := range schemas {
		at[s[0]] = i
		groups = append(groups, tableGroup{Schema: s[0], Doc: s[1]})
	}
	for _, line := range lines {
		schema := line.Name[:strings.LastIndexByte(line.Name, '.')]
		i, known := at[schema]
		if !known {
			i = len(groups)
			at[schema] = i
			groups = append(groups, tableGroup{Schema: schema, Doc: "made by another program"})
		}
		groups[i].Tables = append(groups[i].Tables, line)
	}
	return groups
}

func firstSentence(doc string) string {
	if end := strings.Index(doc, ". "); end >= 0 {
		return doc[:end+1]
	}
	return doc
}
