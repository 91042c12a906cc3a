-- swow_kept: the records of swow_trial with what the later steps say: the
-- status of a participant that is removed, and why the record isn't in the
-- sample. They stand in the order of core.association.
--
-- reads swow_trial, swow_judged, swow_surplus
select t.trial, t.members, t.person, t.cue, t.variant, t.w1, t.k1, t.w2, t.k2, t.w3, t.k3,
  nullif(j.status, 'Valid') as status, s.reason as surplus, t.raw, j.status is null or j.status = 'Valid' as valid,
  (j.status is null or j.status = 'Valid') and s.reason is null as sampled
from swow_trial t
join swow_judged j on j.person = t.person
left join swow_surplus s on s.trial = t.trial
order by t.trial nulls last
