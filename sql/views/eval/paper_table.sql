-- view: eval.paper_table
-- doc: The figures that the ALIGN study reports, a row a run, each by the newest scoring of its suite. What a run wasn't
--   scored by is NULL. Survey answers are counted over the items of high tension.
-- key: run_id
-- licence: open
-- column: languages "languages of the prompts, apart by blanks"
-- column: split "split of the cues"
-- column: model "folder, file of answers, or name of the model on its server"
-- column: adapter null "folder of the adapter"
-- column: run_id "the run"
-- column: p_at_5 null "P@5"
-- column: p_at_10 null "P@10"
-- column: p_at_20 null "P@20"
-- column: p_at_30 null "P@30"
-- column: p_at_40 null "P@40"
-- column: p_at_50 null "P@50"
-- column: spearman null "rank correlation with people, mean over cues"
-- column: recall_top_10_weighted null "share of the responses that are people's ten most frequent words"
-- column: ranking null "reward of final rankings"
-- column: valence_median null "median over cues of the median valence of the answers' words"
-- column: people_valence_median null "the same of people's words"
-- column: arousal_median null "median over cues of the median arousal of the answers' words"
-- column: people_arousal_median null "the same of people's words"
-- column: concreteness_median null "median over cues of the median concreteness of the answers' words"
-- column: people_concreteness_median null "the same of people's words"
-- column: emd_norm_chn null "mean earth mover's distance of survey answers from people's in China, by the scale's length"
-- column: emd_norm_usa null "from people's in the United States"
-- column: js_distance_2_chn null "mean Jensen-Shannon distance, base 2, from people in China"
-- column: js_distance_2_usa null "from people in the United States"
-- column: nearer_chn unit=count null "answers nearer to China"
-- column: nearer_usa unit=count null "answers nearer to the United States"
-- column: tie unit=count null "answers as near to one as to the other"
-- column: invalid unit=count null "questions without an answer"
with scoring as (
  select run_id, scoring_id, suite,
    row_number() over (partition by run_id, suite order by created_at desc nulls last, scoring_id nulls last) as age
  from eval.scorings
),
figure as (
  select m.run_id, s.suite, m.metric, m.slice, m.value, cast(round(m.value * m.n) as bigint) as items
  from eval.metrics m join scoring s on s.run_id = m.run_id and s.scoring_id = m.scoring_id
  where s.age = 1 and m.against = ''
)
select coalesce(array_to_string(r.languages, ' '), '') as languages, r.split, coalesce(r.served_model, r.model_path) as model,
  r.adapter_path as adapter, r.run_id,
  max(case when f.suite = 'associations' and f.metric = 'p_at_5' and f.slice = '' then f.value end) as p_at_5,
  max(case when f.suite = 'associations' and f.metric = 'p_at_10' and f.slice = '' then f.value end) as p_at_10,
  max(case when f.suite = 'associations' and f.metric = 'p_at_20' and f.slice = '' then f.value end) as p_at_20,
  max(case when f.suite = 'associations' and f.metric = 'p_at_30' and f.slice = '' then f.value end) as p_at_30,
  max(case when f.suite = 'associations' and f.metric = 'p_at_40' and f.slice = '' then f.value end) as p_at_40,
  max(case when f.suite = 'associations' and f.metric = 'p_at_50' and f.slice = '' then f.value end) as p_at_50,
  max(case when f.suite = 'associations' and f.metric = 'spearman' and f.slice = '' then f.value end) as spearman,
  max(case when f.suite = 'associations' and f.metric = 'recall_top_10_weighted' and f.slice = '' then f.value end) as recall_top_10_weighted,
  max(case when f.suite = 'ranking' and f.metric = 'ranking' and f.slice = '' then f.value end) as ranking,
  max(case when f.suite = 'norms' and f.metric = 'valence_median' and f.slice = '' then f.value end) as valence_median,
  max(case when f.suite = 'norms' and f.metric = 'valence_median' and f.slice = 'answers=people' then f.value end) as people_valence_median,
  max(case when f.suite = 'norms' and f.metric = 'arousal_median' and f.slice = '' then f.value end) as arousal_median,
  max(case when f.suite = 'norms' and f.metric = 'arousal_median' and f.slice = 'answers=people' then f.value end) as people_arousal_median,
  max(case when f.suite = 'norms' and f.metric = 'concreteness_median' and f.slice = '' then f.value end) as concreteness_median,
  max(case when f.suite = 'norms' and f.metric = 'concreteness_median' and f.slice = 'answers=people' then f.value end) as people_concreteness_median,
  max(case when f.suite = 'wvs' and f.metric = 'emd_norm_CHN' and f.slice = '' then f.value end) as emd_norm_chn,
  max(case when f.suite = 'wvs' and f.metric = 'emd_norm_USA' and f.slice = '' then f.value end) as emd_norm_usa,
  max(case when f.suite = 'wvs' and f.metric = 'js_distance_2_CHN' and f.slice = '' then f.value end) as js_distance_2_chn,
  max(case when f.suite = 'wvs' and f.metric = 'js_distance_2_USA' and f.slice = '' then f.value end) as js_distance_2_usa,
  max(case when f.suite = 'wvs' and f.metric = 'nearer_CHN' and f.slice = 'high_tension' then f.items end) as nearer_chn,
  max(case when f.suite = 'wvs' and f.metric = 'nearer_USA' and f.slice = 'high_tension' then f.items end) as nearer_usa,
  max(case when f.suite = 'wvs' and f.metric = 'tie' and f.slice = 'high_tension' then f.items end) as tie,
  max(case when f.suite = 'wvs' and f.metric = 'invalid' and f.slice = 'high_tension' then f.items end) as invalid
from eval.runs r
join figure f on f.run_id = r.run_id
group by r.run_id, r.languages, r.split, r.served_model, r.model_path, r.adapter_path
