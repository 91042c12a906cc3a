-- view: eval.compare
-- doc: What alignctl eval compare found: of each metric the values of both scorings, and the mean of the differences on
--   the same items, with its test.
-- key: scoring_id, against, metric, slice
-- licence: open
-- column: suite "associations, norms, ranking or wvs"
-- column: metric "as in eval.metrics"
-- column: slice "as in eval.metrics"
-- column: run_id "the run"
-- column: scoring_id "its scoring"
-- column: model "folder, file of answers, or name of the model on its server"
-- column: adapter null "folder of the adapter"
-- column: against_run_id "the other run"
-- column: against "its scoring"
-- column: against_model "the other model"
-- column: against_adapter null "the other adapter"
-- column: value null "the scoring's figure, over all of its items"
-- column: against_value null "the other's"
-- column: difference null "mean over the common items of value minus against_value"
-- column: ci_low null "lower end of its interval"
-- column: ci_high null "upper end of its interval"
-- column: p_value null "two-sided, that there is no difference"
-- column: p_holm null "p_value corrected for the number of metrics"
-- column: effect null "effect size of the test"
-- column: mde null "smallest difference that so many items find"
-- column: n unit=count "common items"
with figure as (
  select run_id, scoring_id, metric, slice, value from eval.metrics where against = ''
),
named as (
  select run_id, coalesce(served_model, model_path) as model, adapter_path as adapter from eval.runs
)
select s.suite, m.metric, m.slice, m.run_id, m.scoring_id, r.model, r.adapter,
  o.run_id as against_run_id, m.against, q.model as against_model, q.adapter as against_adapter,
  a.value, b.value as against_value, m.value as difference, m.ci_low, m.ci_high, m.p_value, m.p_holm, m.effect, m.mde, m.n
from eval.metrics m
join eval.scorings s on s.run_id = m.run_id and s.scoring_id = m.scoring_id
join eval.scorings o on o.scoring_id = m.against
join named r on r.run_id = m.run_id
join named q on q.run_id = o.run_id
left join figure a on a.run_id = m.run_id and a.scoring_id = m.scoring_id and a.metric = m.metric and a.slice = m.slice
left join figure b on b.run_id = o.run_id and b.scoring_id = m.against and b.metric = m.metric and b.slice = m.slice
where m.against <> ''
