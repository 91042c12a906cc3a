-- core.strength: step 9 of the official cleaning. Words are counted per cue
-- and response within each population; a total is the sum of a cue's counts,
-- so missing and unknown responses are not in it; a strength is count / total.
-- A response that equals its cue is counted, as in the official tables.
--
-- reads swow_clean                                             (clean.sql)
--       swow_language(language)                                one row
--       swow_population(population, country, native_language)  NULL: any
with member as (
  select p.population, c.cue, c.r1, c.k1, c.r2, c.k2, c.r3, c.k3
  from swow_clean c join swow_population p
    on coalesce(c.country = p.country, p.country is null)
    and coalesce(c.native_language = p.native_language, p.native_language is null)
),
counted as (
  select population, cue, response, count(*) filter (where pos = 1) as n1, count(*) as n123
  from (
    select m.population, m.cue, p.pos,
      case p.pos when 1 then m.r1 when 2 then m.r2 else m.r3 end as response,
      case p.pos when 1 then m.k1 when 2 then m.k2 else m.k3 end as kind
    from member m cross join (values (1), (2), (3)) as p(pos)
  ) slot
  where kind = 'word'
  group by population, cue, response
),
-- The three windows stand together so that one sort serves them all.
ranked as (
  select population, cue, response, n1, n123,
    cast(sum(n1) over (partition by population, cue) as bigint) as total1,
    cast(sum(n123) over (partition by population, cue) as bigint) as total123,
    cast(rank() over (partition by population, cue order by n123 desc nulls last) as bigint) as place
  from counted
)
select l.language, population, cue, response, n1, n123, total1, total123,
  cast(n1 as double) / nullif(total1, 0) as strength1,
  cast(n123 as double) / total123 as strength123,
  place as "rank"
from ranked cross join swow_language l
