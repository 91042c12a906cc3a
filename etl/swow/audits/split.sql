-- Every cue has a split, and no cue group stands on two sides.
select cue_group, count(distinct split) as splits
from core_split
group by recipe, cue_group
having count(distinct split) <> 1
union all
select word, 0 from swow_word w
where is_cue = 1 and not exists (select 1 from core_split s where s.cue = w.word)
