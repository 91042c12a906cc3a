package ui

import (
	"embed"
	"fmt"
	"hash/fnv"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"alignctl/eval/report"
	"alignctl/internal/cell"
	"alignctl/internal/chart"
)

// A page is a template and what fills it.
type page struct {
	template string
	Title    string
	Tab      string // the part of the ui that it belongs to
	Body     any
	// Live says that it may change soon: a browser asks again and again.
	Live bool
}

// A frame is a page with what stands around it.
type frame struct {
	page
	Folder, Version string
	Tag             string // of the page's content
}

//go:embed templates
var templateFiles embed.FS

// templates are the pages' templates by name, each in the layout.
var templates = parseTemplates()

func parseTemplates() map[string]*template.Template {
	layout := template.Must(template.New("").Funcs(helpers).ParseFS(templateFiles, "templates/layout.html"))
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err) // they are compiled in
	}
	all := map[string]*template.Template{}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".html")
		all[name] = template.Must(template.Must(layout.Clone()).ParseFS(templateFiles, "templates/"+f.Name()))
	}
	return all
}

// helpers are the functions of templates.
var helpers = template.FuncMap{
	"count":  thousands,
	"bytes":  size,
	"time":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"svg":    func(f chart.Figure) template.HTML { return template.HTML(chart.SVG(f, chart.Narrow)) }, // which escapes all words
	"cell":   shortCell,
	"text":   cell.Text,
	"number": cell.IsNumber,
	"base":   path.Base,
	"rows":   func(text string) int { return min(max(strings.Count(text, "\n")+2, 5), 24) },
	"next":   func(n int) int { return n + 1 },
	"prev":   func(n int) int { return n - 1 },
	"query": func(pairs ...string) template.URL {
		values := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			values.Set(pairs[i], pairs[i+1])
		}
		return encoded(values)
	},
}

// encoded is the part of an address after the question mark; as plain text a
// template would encode it again.
func encoded(values url.Values) template.URL { return template.URL(values.Encode()) }

// show makes a page and sends it. A page that the browser has already, as it
// says by the page's tag, isn't sent again.
func (v *visit) show(build func(*visit) (page, error)) error {
	if v.Header.Get("If-None-Match") == v.tag() {
		v.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	p, err := build(v)
	if err != nil {
		return err
	}
	v.w.Header().Set("ETag", v.tag())
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return v.render(p)
}

// tag names what a page shows: the lake's version at an address.
func (v *visit) tag() string { return `"` + hash(versionOf(v.pins)+v.URL.RequestURI()) + `"` }

func (v *visit) render(p page) error {
	var b strings.Builder
	f := frame{page: p, Folder: v.server.options.Folder, Version: v.server.options.Version, Tag: v.tag()}
	if err := templates[p.template].ExecuteTemplate(&b, "layout", f); err != nil {
		return fmt.Errorf("show page %s: %w", p.template, err)
	}
	_, err := io.WriteString(v.w, b.String())
	return err
}

// serveStyle sends the rules of the reports' figures with our own.
func serveStyle(w http.ResponseWriter, _ *http.Request) {
	own, _ := static.ReadFile("static/ui.css") // it is compiled in
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = io.WriteString(w, report.CSS()+string(own)) // nobody is left to tell
}

// thousands is a count with its thousands apart.
func thousands(n any) string {
	digits := fmt.Sprint(n)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "\u202f" + digits[at:]
	}
	return digits
}

// size is a number of bytes for people.
func size(n int64) string {
	value, units := float64(n), []string{"B", "kB", "MB", "GB", "TB"}
	at := 0
	for value >= 1000 && at < len(units)-1 {
		value, at = value/1000, at+1
	}
	if at == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, units[at])
}

// longCell is how many characters of a value a table shows.
const longCell = 300

// shortCell is a value as text, cut where it is long.
func shortCell(v any) string {
	text := []rune(cell.Text(v))
	if len(text) > longCell {
		return string(text[:longCell]) + "…"
	}
	return string(text)
}

func hash(text string) string {
	h := fnv.New64a()
	_, _ = io.WriteString(h, text) // into memory
	return fmt.Sprintf("%x", h.Sum64())
}
