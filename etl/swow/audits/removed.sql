-- Each step begins with what the one before left, the first with everything,
-- and parts it into what it keeps and what it removes.
with step as (
  select unit, step, min(n_in) as n_in, max(n_in) as n_in_max, min(n_kept) as n_kept, max(n_kept) as n_kept_max, sum(n) as n
  from core_removed
  group by unit, step
),
ordered as (
  select s.unit, s.step, s.n_in, s.n_in_max, s.n_kept, s.n_kept_max, s.n,
    lag(s.n_kept) over (partition by s.unit order by s.step nulls last) as before
  from step s
),
whole as (
  select 'slot' as unit, 3 * count(*) as n from swow_record
  union all select 'record', count(*) from swow_record
  union all select 'participant', count(*) from core_participant
)
select o.unit, o.step, o.n_in, o.n, o.n_kept, coalesce(o.before, w.n) as expected
from ordered o join whole w on w.unit = o.unit
where o.n_in <> o.n_in_max or o.n_kept <> o.n_kept_max or o.n_in <> o.n_kept + o.n or o.n_in <> coalesce(o.before, w.n)
