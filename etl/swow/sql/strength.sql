-- core.strength: step 9 of the official cleaning: a total is the sum of a cue's
-- counts, so missing and unknown responses are not in it; a strength is
-- count / total.
--
-- reads swow_edge, swow_population, swow_word, swow_language
-- The three windows stand together so that one sort serves them all.
with ranked as (
  select population, cue, word, n1, n123,
    cast(sum(n1) over (partition by population, cue) as bigint) as total1,
    cast(sum(n123) over (partition by population, cue) as bigint) as total123,
    cast(rank() over (partition by population, cue order by n123 desc nulls last) as bigint) as place
  from swow_edge
)
select l.language, p.population, c.word as cue, w.word as response, r.n1, r.n123, r.total1, r.total123,
  cast(r.n1 as double) / nullif(r.total1, 0) as strength1,
  cast(r.n123 as double) / r.total123 as strength123,
  r.place as "rank"
from ranked r
join swow_population p on p.number = r.population
join swow_word c on c.id = r.cue
join swow_word w on w.id = r.word
cross join swow_language l
