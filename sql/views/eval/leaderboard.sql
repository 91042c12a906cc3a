-- view: eval.leaderboard
-- doc: The figures of runs over all of their items, each by its newest scoring of a suite by a parser against people.
--   Runs that answered the same split in the same languages are placed among each other by value, the largest first;
--   whether more is better is for the metric to say.
-- key: scoring_id, metric
-- licence: open
-- column: suite "associations, norms, ranking or wvs"
-- column: languages "languages of the prompts, apart by blanks"
-- column: split "split of the cues"
-- column: population "people whom the answers were held against"
-- column: parser "how lists were read"
-- column: metric "as in eval.metrics"
-- column: place unit=count "among the runs; equal values share the first of their places"
-- column: run_id "the run"
-- column: scoring_id "its scoring"
-- column: kind null "local, endpoint or answers"
-- column: model "folder, file of answers, or name of the model on its server"
-- column: adapter null "folder of the adapter"
-- column: value null "the figure"
-- column: ci_low null "lower end of its interval"
-- column: ci_high null "upper end of its interval"
-- column: n unit=count "items that it rests on"
with scoring as (
  select run_id, scoring_id, suite, population, parser,
    row_number() over (partition by run_id, suite, population, parser order by created_at desc nulls last, scoring_id nulls last) as age
  from eval.scorings
),
named as (
  select run_id, kind, coalesce(array_to_string(languages, ' '), '') as languages, split,
    coalesce(served_model, model_path) as model, adapter_path as adapter
  from eval.runs
)
select s.suite, r.languages, r.split, s.population, s.parser, m.metric,
  rank() over (partition by s.suite, r.languages, r.split, s.population, s.parser, m.metric
    order by m.value desc nulls last) as place,
  m.run_id, m.scoring_id, r.kind, r.model, r.adapter, m.value, m.ci_low, m.ci_high, m.n
from eval.metrics m
join scoring s on s.run_id = m.run_id and s.scoring_id = m.scoring_id and s.age = 1
join named r on r.run_id = m.run_id
where m.slice = '' and m.against = ''
