-- core.split: cue groups in the order of md5(seed|group), cut into train, dev
-- and test. The order depends on nothing but the seed and the group, so a
-- group keeps its place among the others when rows move.
--
-- reads swow_cue(language, cue, cue_group)             every cue and its group
--       swow_cut(recipe, seed, split, first, last)     the places of each split, 1-based, ends included
select c.language, k.recipe, c.cue, c.cue_group, k.seed, k.split
from swow_cue c
join (
  select cue_group, recipe,
    row_number() over (partition by recipe order by draw nulls last, cue_group nulls last) as place
  from (
    select distinct g.cue_group, s.recipe, md5(cast(s.seed as string) || '|' || g.cue_group) as draw
    from swow_cue g cross join swow_cut s
  ) drawn
) ordered on ordered.cue_group = c.cue_group
join swow_cut k on k.recipe = ordered.recipe and ordered.place >= k.first and ordered.place <= k.last
