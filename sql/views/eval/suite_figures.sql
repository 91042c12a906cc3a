-- view: eval.suite_figures
-- doc: The figures of a suite's models over all of their items, each beside its difference from the suite's baseline in
--   the same language.
-- key: name, language, model, suite, metric
-- licence: open
-- column: name "the suite, as in eval.suites"
-- column: language "the language it was asked in"
-- column: model "what the suite calls the model"
-- column: suite "associations, norms, ranking or wvs"
-- column: metric "as in eval.metrics"
-- column: run_id "the run"
-- column: scoring_id "its scoring"
-- column: value null "the figure"
-- column: ci_low null "lower end of its interval"
-- column: ci_high null "upper end of its interval"
-- column: n unit=count "items that it rests on"
-- column: against null "scoring of the baseline"
-- column: difference null "mean over the common items of value minus the baseline's"
-- column: difference_low null "lower end of its interval"
-- column: difference_high null "upper end of its interval"
-- column: p_holm null "two-sided, that there is no difference, corrected for the number of metrics"
select u.name, u.language, u.model, u.suite, m.metric, u.run_id, u.scoring_id, m.value, m.ci_low, m.ci_high, m.n,
  u.against, d.value as difference, d.ci_low as difference_low, d.ci_high as difference_high, d.p_holm
from eval.suites u
join eval.metrics m on m.run_id = u.run_id and m.scoring_id = u.scoring_id and m.against = '' and m.slice = ''
left join eval.metrics d on d.run_id = u.run_id and d.scoring_id = u.scoring_id and d.against = u.against
  and d.metric = m.metric and d.slice = ''
