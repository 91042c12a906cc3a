-- core.removed: what each step of the cleaning took away, in order. A slot goes
-- at the first step that has a reason to remove it.
--
-- reads swow_tally, swow_kind, swow_language
--       swow_step(unit, step, name, reason, applied)    what can remove something
with lost as (
  select t.unit, t.n,
    case when t.kind = 3 then 1 when t.kind not in (0, 4) then 3 when t.status is not null then 7
      when t.surplus is not null then 8 when t.variant or t.kind = 4 then 9 end as step,
    case when t.kind not in (0, 4) then k.kind when t.status is not null then t.status
      when t.surplus is not null then t.surplus when t.variant then 'variant' when t.kind = 4 then k.kind end as reason
  from swow_tally t join swow_kind k on k.code = t.kind
),
summed as (
  select s.unit, s.step, s.name, s.reason, s.applied, coalesce(l.n, 0) as n
  from swow_step s
  left join (select unit, step, reason, sum(n) as n from lost group by unit, step, reason) l
    on l.unit = s.unit and l.step = s.step and l.reason = s.reason
),
whole as (
  select unit, sum(n) as n from swow_tally group by unit
),
steps as (
  select unit, step, here, coalesce(sum(here) over (partition by unit order by step nulls last
    rows between unbounded preceding and 1 preceding), 0) as before
  from (select unit, step, sum(n) as here from summed group by unit, step) h
)
select l.language, s.unit, cast(s.step as int) as step, s.name, s.reason,
  cast(w.n - p.before as bigint) as n_in, cast(s.n as bigint) as n, cast(w.n - p.before - p.here as bigint) as n_kept,
  s.applied
from summed s
join whole w on w.unit = s.unit
join steps p on p.unit = s.unit and p.step = s.step
cross join swow_language l
