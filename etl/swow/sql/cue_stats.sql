-- core.cue_stats: the published statistics of a cue. The entropy of counts n
-- with the sum N is log2 N - (sum of n log2 n) / N; the terms are added up in
-- whole trillionths, so that their order doesn't show in the last digits, and
-- come from a table, as engines differ in the last digit of a logarithm.
--
-- reads swow_asked, swow_edge, swow_population, swow_word, swow_language
--       swow_component(population, cue, slots)    cues of the largest strong components; slots 1 or 123
--       swow_logarithm(n, bits, log)              of each count: n log2 n in trillionths, and log2 n
with given as (
  select e.population, e.cue, count(*) as types123, count(*) filter (where e.n1 > 0) as types1,
    cast(sum(e.n123) as bigint) as tokens123, cast(sum(e.n1) as bigint) as tokens1,
    sum(b3.bits) as bits123, sum(coalesce(b1.bits, 0)) as bits1,
    sum(case when a.cue is not null then e.n123 else 0 end) as cues123,
    sum(case when a.cue is not null then e.n1 else 0 end) as cues1
  from swow_edge e join swow_logarithm b3 on b3.n = e.n123 left join swow_logarithm b1 on b1.n = e.n1
  left join swow_asked a on a.population = e.population and a.cue = e.word
  group by e.population, e.cue
)
select l.language, p.population, w.word as cue, a.records,
  coalesce(g.types1, 0) as types1, coalesce(g.types123, 0) as types123,
  coalesce(g.tokens1, 0) as tokens1, coalesce(g.tokens123, 0) as tokens123,
  case when g.tokens1 > 0 then
    cast(round(1e9 * (b1.log - g.bits1 / 1e12 / g.tokens1)) as bigint) / 1e9 end as entropy1,
  cast(round(1e9 * (b3.log - g.bits123 / 1e12 / g.tokens123)) as bigint) / 1e9 as entropy123,
  cast(g.cues1 as double) / nullif(g.tokens1, 0) as coverage1,
  cast(g.cues123 as double) / g.tokens123 as coverage123,
  cast(a."unknown" as double) / a.records as unknown_share,
  cast(a.missing2 as double) / a.records as missing2_share,
  cast(a.missing3 as double) / a.records as missing3_share,
  s1.cue is not null as in_component1, s3.cue is not null as in_component123
from swow_asked a
join swow_population p on p.number = a.population
join swow_word w on w.id = a.cue
left join given g on g.population = a.population and g.cue = a.cue
left join swow_logarithm b1 on b1.n = g.tokens1
left join swow_logarithm b3 on b3.n = g.tokens123
left join swow_component s1 on s1.population = a.population and s1.cue = a.cue and s1.slots = 1
left join swow_component s3 on s3.population = a.population and s3.cue = a.cue and s3.slots = 123
cross join swow_language l
