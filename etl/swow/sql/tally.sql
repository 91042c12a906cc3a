-- swow_tally: how many slots, records and participants stand in each place of
-- the cleaning; core.removed and the audits add these up.
--
-- reads swow_kept, swow_judged
with counted as (
  select status, surplus, variant, k1, k2, k3, count(*) as n
  from swow_kept
  group by status, surplus, variant, k1, k2, k3
)
select 'slot' as unit, status, surplus, variant, cast(kind as int) as kind, cast(sum(n) as bigint) as n
from (
  select c.status, c.surplus, c.variant, c.n, case p.pos when 1 then c.k1 when 2 then c.k2 else c.k3 end as kind
  from counted c cross join (values (1), (2), (3)) as p(pos)
) slot
group by status, surplus, variant, kind
union all
select 'record', status, surplus, variant, 0, cast(sum(n) as bigint) from counted group by status, surplus, variant
union all
select 'participant', nullif(status, 'Valid'), null, false, 0, count(*) from swow_judged group by nullif(status, 'Valid')
