-- swow_edge: how often each word was given to each cue in each population.
-- Records are counted once for each set of populations that they are in, not
-- once for each population.
--
-- reads swow_member                           swow_kept with members complete: a bit for each population
--       swow_population(number, population, bit)
with counted as (
  select cue, word, members, count(*) filter (where pos = 1) as n1, count(*) as n123
  from (
    select m.cue, m.members, p.pos, case p.pos when 1 then m.w1 when 2 then m.w2 else m.w3 end as word,
      case p.pos when 1 then m.k1 when 2 then m.k2 else m.k3 end as kind
    from swow_member m cross join (values (1), (2), (3)) as p(pos)
    where m.members > 0
  ) slot
  where kind = 0
  group by cue, word, members
)
select p.number as population, c.cue, c.word, cast(sum(c.n1) as bigint) as n1, cast(sum(c.n123) as bigint) as n123
from counted c cross join swow_population p
where (c.members & p.bit) <> 0
group by p.number, c.cue, c.word
