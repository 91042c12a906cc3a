-- core.response_stats: how often a word was given, and to how many cues.
--
-- reads swow_edge, swow_asked, swow_population, swow_word, swow_language
select l.language, p.population, w.word as response, e.n1, e.n123, e.cues1, e.cues123, a.cue is not null as is_cue
from (
  select population, word, cast(sum(n1) as bigint) as n1, cast(sum(n123) as bigint) as n123,
    count(*) filter (where n1 > 0) as cues1, count(*) as cues123
  from swow_edge
  group by population, word
) e
join swow_population p on p.number = e.population
join swow_word w on w.id = e.word
left join swow_asked a on a.population = e.population and a.cue = e.word
cross join swow_language l
