package report

import (
	"fmt"
	"io"
	"strings"

	"alignctl/internal/cell"
	"alignctl/internal/chart"
)

// markdownRows is how many rows of a table Markdown has.
const markdownRows = 20

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
		fmt.Fprintf(b, "\n**%s.** %s\n", plain(chart.Title(f)), plain(chart.Desc(f)))
	}
	if len(s.Points) > 0 {
		b.WriteString("\n")
	}
	for _, p := range s.Points {
		fmt.Fprintf(b, "- %s\n", plain(p))
	}
	switch {
	case s.Answers != nil:
		for _, a := range s.Answers {
			a.markdown(b)
		}
	case s.Summary != nil:
		s.Summary.markdown(b)
	case s.Table != nil:
		s.Table.markdown(b)
	}
	if s.SQL != "" {
		fmt.Fprintf(b, "\n```sql\n%s\n```\n", s.SQL)
	}
}

func (t *Table) markdown(b *strings.Builder) {
	rows := t.Rows[:min(len(t.Rows), markdownRows)]
	fmt.Fprintf(b, "\n|")
	for _, c := range t.Columns {
		fmt.Fprintf(b, " %s |", plain(c))
	}
	b.WriteString("\n|")
	for i := range t.Columns {
		if len(rows) > 0 && cell.IsNumber(rows[0][i]) {
			b.WriteString(" --: |")
		} else {
			b.WriteString(" --- |")
		}
	}
	b.WriteString("\n")
	for _, row := range rows {
		b.WriteString("|")
		for _, v := range row {
			fmt.Fprintf(b, " %s |", plain(shown(v)))
		}
		b.WriteString("\n")
	}
	if len(rows) < len(t.Rows) {
		fmt.Fprintf(b, "\n%d of %d rows.\n", len(rows), len(t.Rows))
	}
}

func (a Answers) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n**%s**\n", plain(languageName(a.Language)))
	for _, c := range a.Cues {
		fmt.Fprintf(b, "\n- **%s**\n  - people: %s\n", plain(c.Word), plain(strings.Join(c.People, ", ")))
		for i, given := range c.Given {
			var words []string
			for _, w := range given {
				text := plain(w.Text)
				if w.Shared {
					text = "**✓ " + text + "**"
				}
				words = append(words, text)
			}
			if given == nil {
				words = []string{"*not asked*"}
			}
			fmt.Fprintf(b, "  - %s: %s\n", plain(a.Runs[i]), strings.Join(words, ", "))
		}
	}
}

// plain makes any words plain text of Markdown on one line.
func plain(words string) string { return markdownEscapes.Replace(words) }

var markdownEscapes = strings.NewReplacer("\\", `\\`, "|", `\|`, "<", "&lt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`,
	"\n", " ", "\r", " ")
