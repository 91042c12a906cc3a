-- What the last step keeps is what core.association has of the official sample.
select unit, n_kept, n as expected
from (
  select r.unit, r.n_kept from core_removed r
  join (select unit, max(step) as step from core_removed group by unit) last on last.unit = r.unit and last.step = r.step
) ends
join (
  select 'slot' as of_unit, count(*) as n from core_association where kept and removed is null
  union all
  select 'record', count(*) from core_association where position = 1 and removed is null
) counted on of_unit = unit
where n_kept <> n
