-- Every cue has a split, and no cue group stands on two sides.
select cue_group, count(distinct split) as splits
from swow_split
group by recipe, cue_group
having count(distinct split) <> 1
union all
select cue, 0 from (select distinct cue from swow_record) c
where not exists (select 1 from swow_split s where s.cue = c.cue)
