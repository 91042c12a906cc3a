package report

import (
	"fmt"
	"io"
	"strings"

	"alignctl/internal/chart"
)

// markdownRows is how many rows of a table Markdown has.
const markdownRows = 40

// WriteMarkdown writes the report as Markdown: figures in words, tables, SQL.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n", plain(r.Title), plain(r.Lead))
	for _, c := range parts(r.Sections) {
		fmt.Fprintf(&b, "\n## %s\n", plain(c.Title))
		for _, s := range c.Sections {
			s.markdown(&b)
		}
	}
	fmt.Fprintf(&b, "\n---\n\n%s", plain(r.Made))
	if r.Command != "" {
		fmt.Fprintf(&b, " Again: `%s`", strings.ReplaceAll(r.Command, "`", "'"))
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Section) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", plain(s.Title), plain(s.Note))
	if s.Withheld != "" {
		fmt.Fprintf(b, "\nLeft out here: %s. Whoever has the rights shows it with `--i-have-the-rights`.\n", plain(s.Withheld))
	}
	for _, f := range s.Figures {
		fmt.Fprintf(b, "\n**%s.** %s\n\n", plain(chart.Title(f)), plain(chart.Desc(f)))
		grid(b, chart.Rows(f))
	}
	if len(s.Points) > 0 {
		b.WriteString("\n")
	}
	for _, p := range s.Points {
		fmt.Fprintf(b, "- %s\n", plain(p))
	}
	for _, a := range s.Answers {
		a.markdown(b)
	}
	if s.Summary != nil {
		b.WriteString("\n")
		grid(b, s.Summary.texts())
	}
	if s.SQL != "" {
		fmt.Fprintf(b, "\n```sql\n%s\n```\n", s.SQL)
	}
}

// grid writes rows as a table, the first being its head.
func grid(b *strings.Builder, rows [][]string) {
	for i, row := range rows[:min(len(rows), markdownRows+1)] {
		b.WriteString("|")
		for _, text := range row {
			fmt.Fprintf(b, " %s |", plain(text))
		}
		b.WriteString("\n")
		if i == 0 {
			b.WriteString("|" + strings.Repeat(" --- |", len(row)) + "\n")
		}
	}
	if len(rows) > markdownRows+1 {
		fmt.Fprintf(b, "\n%d of %d rows.\n", markdownRows, len(rows)-1)
	}
}

// texts are the columns and the values as they are read.
func (t *Table) texts() [][]string {
	all := [][]string{t.Columns}
	for _, row := range t.Rows {
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = shown(v)
		}
		all = append(all, texts)
	}
	return all
}

func (a Answers) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n**%s**\n", plain(languageName(a.Language)))
	for _, c := range a.Cues {
		fmt.Fprintf(b, "\n- **%s**\n  - people: %s\n", plain(c.Word), plain(strings.Join(c.People, ", ")))
		for i, given := range c.Given {
			fmt.Fprintf(b, "  - %s: %s\n", plain(a.Runs[i]), markedWords(given))
		}
	}
}

// markedWords is a model's answer, with a mark at what people said, too.
func markedWords(given []Word) string {
	if given == nil {
		return "*not asked*"
	}
	words := make([]string, len(given))
	for i, w := range given {
		if words[i] = plain(w.Text); w.Shared {
			words[i] = "**✓ " + words[i] + "**"
		}
	}
	return strings.Join(words, ", ")
}

// plain makes any words plain text of Markdown on one line.
func plain(words string) string { return markdownEscapes.Replace(words) }

var markdownEscapes = strings.NewReplacer("\\", `\\`, "|", `\|`, "<", "&lt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`,
	"\n", " ", "\r", " ")
