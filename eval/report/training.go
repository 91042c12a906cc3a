package report

import (
	"fmt"
	"math"
	"strings"

	"alignctl/internal/chart"
)

// curvePoints is how many points a curve has at most: of more steps than that
// the means of stretches.
const curvePoints = 200

// A plot is the curves of a metric while training, of train and dev data.
type plot struct {
	id, title, note string
	unit            string
	metric, dev     string // of train.steps; "": none
}

var plots = []plot{
	{"loss", "Loss", "Lines are the loss on training batches, marks that on the dev split; lower is better. " +
		"A dev loss that rises while the training loss falls is overfitting.", "loss, nats per token or pair", "loss", "eval_loss"},
	{"p-at-5-training", "P@5 while training", "Share of the first five words that people gave too, on dev cues.", "P@5", "", "eval_p_at_5"},
	{"reward", "Reward", "Lines are the mean reward of the answers in a round, marks that on held-out prompts; higher is better.",
		"mean reward", "objective/scores", "eval_reward"},
	{"accuracy", "Preferences held", "Share of pairs in which the model finds the preferred answer likelier than before, relative to the other. " +
		"One half is chance.", "share of pairs", "rewards/accuracies", "eval_rewards/accuracies"},
	{"margin", "Reward margin", "How much likelier the preferred answer became than the other one.", "margin, nats", "rewards/margins", "eval_rewards/margins"},
	{"kl", "Distance from the model trained", "Divergence of the answers' distribution from that of the model that training began with.",
		"KL, nats per answer", "objective/kl", ""},
}

// curves are a section for each metric that the runs may have.
func (s *Subject) curves() (sections []drawn) {
	if !s.has(trainSteps) {
		return nil
	}
	for _, p := range plots {
		section := Section{ID: p.id, Title: p.title, Note: p.note, SQL: s.curveQuery(p)}
		sections = append(sections, drawn{section, each([]string{"method"}, func(rows []row) []chart.Figure { return s.curve(p, rows) })})
	}
	return sections
}

// curveQuery gives a metric by step. The loss of PPO and GRPO isn't one that
// falls, and is left out.
func (s *Subject) curveQuery(p plot) string {
	return fmt.Sprintf(`with numbered as (
  select split_part(r.method, '-', 1) as method, t.run_id, t.metric, t.step, t.value,
    row_number() over run - 1 as place, count(*) over (partition by t.run_id, t.metric) as n
  from train.steps t join train.runs r on r.run_id = t.run_id
  where t.metric in ('%[1]s', '%[2]s') and t.run_id in %[3]s
  window run as (partition by t.run_id, t.metric order by t.step)
)
select method, run_id, metric, list_avg(list(step order by step)) as step, list_avg(list(value order by step)) as value, count(*) as steps
from numbered
where not (metric = 'loss' and method in ('ppo', 'grpo'))
group by method, run_id, metric, place * %[4]d // greatest(n, %[4]d)
order by method, metric = '%[2]s', metric, run_id, step`, p.metric, p.dev, list(s.Trainings), curvePoints)
}

// curve draws a metric of the runs of one method.
func (s *Subject) curve(p plot, rows []row) []chart.Figure {
	f := chart.Curves{X: chart.Axis{Label: "step"}, Y: chart.Axis{Label: p.unit}}
	for _, of := range group(rows, "metric", "run_id") {
		run, dev := of[0].text("run_id"), of[0].text("metric") == p.dev
		line := chart.Line{Label: s.label(run), Style: s.style(run), Dotted: dev && p.metric != ""}
		if line.Dotted {
			line.Label += ", dev"
		}
		for _, r := range of {
			line.Points = append(line.Points, chart.Point{X: r.number("step"), Y: r.number("value"), Low: math.NaN(), High: math.NaN()})
		}
		f.Lines = append(f.Lines, line)
	}
	f.Text = chart.Text{Title: fmt.Sprintf("%s by step (%s)", p.title, strings.ToUpper(rows[0].text("method"))), Desc: p.note}
	return []chart.Figure{f}
}
