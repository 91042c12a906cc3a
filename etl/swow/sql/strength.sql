-- core.strength in numbers and in its order: step 9 of the official cleaning. A
-- total is the sum of a cue's counts, so missing and unknown responses are not
-- in it; a strength is count / total. A rank is worked out on the different
-- counts of a cue, of which there are few.
--
-- reads swow_edge
with total as (
  select population, cue, cast(sum(n1) as bigint) as total1, cast(sum(n123) as bigint) as total123
  from swow_edge
  group by population, cue
),
place as (
  select population, cue, n123, cast(1 + coalesce(sum(responses) over (partition by population, cue
    order by n123 desc nulls last rows between unbounded preceding and 1 preceding), 0) as bigint) as place
  from (
    select population, cue, n123, count(*) as responses from swow_edge group by population, cue, n123
  ) counted
)
select e.population, e.cue, e.word, e.n1, e.n123, t.total1, t.total123,
  cast(e.n1 as double) / nullif(t.total1, 0) as strength1,
  cast(e.n123 as double) / t.total123 as strength123,
  r.place as "rank"
from swow_edge e
join total t on t.population = e.population and t.cue = e.cue
join place r on r.population = e.population and r.cue = e.cue and r.n123 = e.n123
order by e.population nulls last, e.cue nulls last, e.word nulls last
