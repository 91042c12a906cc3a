package report

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"alignctl/internal/cell"
	"alignctl/internal/chart"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageCSS string

// CSS are the rules of a page with sections, those of figures included.
func CSS() string { return chart.CSS + pageCSS }

// shownRows is how many rows of a table are on the page; the csv has all.
const shownRows = 50

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"css":      func() template.CSS { return template.CSS(CSS()) },
	"figure":   func(f chart.Figure) template.HTML { return template.HTML(chart.HTML(f)) },
	"title":    chart.Title,
	"parts":    parts,
	"csv":      csvLink,
	"head":     func(t *Table) *Table { return &Table{t.Columns, t.Rows[:min(len(t.Rows), shownRows)]} },
	"cell":     shown,
	"number":   cell.IsNumber,
	"long":     func(v any) bool { return len(shown(v)) > 44 && !strings.ContainsAny(shown(v), " \n") },
	"short":    func(v any) bool { return len(shown(v)) < 30 },
	"language": languageName,
	"count":    func(t *Table) string { return counted(len(t.Rows), "row") },
	"cut":      func(t *Table) bool { return len(t.Rows) > shownRows },
}).Parse(pageText))

// WriteHTML writes the report as one page that needs nothing else.
func (r *Report) WriteHTML(w io.Writer) error { return page.ExecuteTemplate(w, "page", r) }

// HTML is the section as a part of a page with the rules of CSS.
func (s Section) HTML() (template.HTML, error) {
	var b strings.Builder
	err := page.ExecuteTemplate(&b, "section", s)
	return template.HTML(b.String()), err
}

// A chapter is sections under one heading.
type chapter struct {
	ID, Title string
	Sections  []Section
}

// parts gathers sections under their headings.
func parts(sections []Section) (all []chapter) {
	for _, s := range sections {
		if len(all) == 0 || all[len(all)-1].Title != s.Part {
			all = append(all, chapter{ID: "part-" + s.ID, Title: s.Part})
		}
		last := &all[len(all)-1]
		last.Sections = append(last.Sections, s)
	}
	return all
}

// languageName is what a language is called.
func languageName(code string) string {
	if name, known := map[string]string{"en": "English", "zh": "Mandarin"}[code]; known {
		return name
	}
	return code
}

// csvLink is a table as an address that a browser saves.
func csvLink(t *Table) template.URL {
	return template.URL("data:text/csv;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(t.CSV())))
}

// shown is a value as it is read on a page: numbers in six digits.
func shown(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'g', 6, 64)
	case json.Number:
		if f, err := v.Float64(); err == nil && strings.Contains(v.String(), ".") {
			return strconv.FormatFloat(f, 'g', 6, 64)
		}
	}
	return fmt.Sprint(cell.Text(v))
}
