-- core.wvs_distribution: shares over the valid codes of each question, never
-- over "codes above 0": 0 is an answer to some. Where nobody has a weight, the
-- sums of weights are NULL, and so is what is made of them.
--
-- reads wvs_tally                                            (tally.sql)
--       wvs_source(source)                                   one row
--       wvs_fact(question, lowest, highest, ...)             the valid codes of each question
with valid as (
  select t.country, t.question, t.code, t.n, t.weight,
    cast(sum(t.n) over (partition by t.country, t.question) as bigint) as valid_n,
    cast(sum(t.weight) over (partition by t.country, t.question) as bigint) as valid_weight
  from wvs_tally t join wvs_fact f on f.question = t.question
  where t.code >= f.lowest and t.code <= f.highest
)
select s.source, country, question, code, n, valid_n, cast(n as double) / valid_n as share,
  case when valid_weight is not null then cast(coalesce(weight, 0) as double) / 10000000000 end as weighted_n,
  cast(coalesce(weight, 0) as double) / nullif(valid_weight, 0) as weighted_share
from valid cross join wvs_source s
