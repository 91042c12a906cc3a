-- core.strength from ready-made tables: each source is a population. Its R1
-- and R123 files are joined by cue and response; a strength is n / total, by
-- the file's own total. A row whose response stands for no word stays out.
--
-- A response that the R1 file hasn't was given 0 times first, if that file has
-- the cue. One that the R123 file hasn't has no count there: official tables
-- leave some words out.
--
-- reads swow_published            the language's rows of raw.strength
--       swow_token(token, kind)   texts that stand for no word
--       swow_mask(length, alphabet)  one row: what a masked word looks like, NULLs where the language has none
with word as (
  select r.language, r.source, r.measure, r.cue, r.response, r.n, r.total
  from swow_published r
  cross join swow_mask m
  left join swow_token t on t.token = r.response
  where t.token is null
    and not coalesce(length(r.response) = m.length and translate(r.response, m.alphabet, '') = '', false)
),
counted as (
  select language, source, cue, response,
    max(case when measure = 'r1' then n end) as first_n, max(case when measure = 'r123' then n end) as n123,
    max(case when measure = 'r123' then total end) as total123
  from word
  group by language, source, cue, response
),
first_total as (
  select source, cue, max(total) as total from swow_published where measure = 'r1' group by source, cue
)
select c.language, c.source as population, c.cue, c.response,
  case when f.total is not null then coalesce(c.first_n, 0) end as n1, c.n123,
  f.total as total1, c.total123,
  cast(case when f.total is not null then coalesce(c.first_n, 0) end as double) / f.total as strength1,
  cast(c.n123 as double) / c.total123 as strength123,
  cast(rank() over (partition by c.source, c.cue order by coalesce(c.n123, c.first_n) desc nulls last) as bigint) as "rank"
from counted c left join first_total f on f.source = c.source and f.cue = c.cue
