-- swow_asked: how each cue's records went in each population.
--
-- reads swow_member, swow_population (see edge.sql)
with counted as (
  select cue, members, count(*) as records, count(*) filter (where k1 = 2) as "unknown",
    count(*) filter (where k2 in (1, 3)) as missing2, count(*) filter (where k3 in (1, 3)) as missing3
  from swow_member
  where members > 0
  group by cue, members
)
select p.number as population, c.cue, cast(sum(c.records) as bigint) as records, cast(sum(c."unknown") as bigint) as "unknown",
  cast(sum(c.missing2) as bigint) as missing2, cast(sum(c.missing3) as bigint) as missing3
from counted c cross join swow_population p
where (c.members & p.bit) <> 0
group by p.number, c.cue
