-- core.wvs_missing: who answered, and why the others didn't. A question that a
-- country's file lacks has a row, too.
--
-- reads wvs_tally                                            (tally.sql)
--       wvs_respondent                                       the source's rows of raw.wvs_respondent
--       wvs_source(source)                                   one row
--       wvs_fact(question, lowest, highest, ...)             the valid codes of each question
with country as (select country, count(*) as respondents from wvs_respondent group by country),
counted as (
  select c.country, f.question, c.respondents, coalesce(sum(t.n), 0) as cells,
    coalesce(sum(t.n) filter (where t.code >= f.lowest and t.code <= f.highest), 0) as valid_n,
    coalesce(sum(t.n) filter (where t.code = -1), 0) as dont_know,
    coalesce(sum(t.n) filter (where t.code = -2), 0) as no_answer,
    coalesce(sum(t.n) filter (where t.code = -3), 0) as not_applicable,
    coalesce(sum(t.n) filter (where t.code = -4), 0) as not_asked,
    coalesce(sum(t.n) filter (where t.code = -5), 0) as unknown,
    coalesce(sum(t.n) filter (where t.n is not null and t.code is null), 0) as blank
  from country c cross join wvs_fact f
  left join wvs_tally t on t.country = c.country and t.question = f.question
  group by c.country, f.question, c.respondents
)
select s.source, country, question,
  case when cells = 0 then 'no column' when cells = not_asked + blank then 'not asked' else 'asked' end as state,
  respondents, cast(valid_n as bigint) as valid_n, cast(dont_know as bigint) as dont_know,
  cast(no_answer as bigint) as no_answer, cast(not_applicable as bigint) as not_applicable,
  cast(not_asked as bigint) as not_asked, cast(unknown as bigint) as unknown, cast(blank as bigint) as blank
from counted cross join wvs_source s
