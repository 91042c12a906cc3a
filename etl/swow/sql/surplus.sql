-- swow_surplus: step 8 of the official cleaning: the records of kept
-- participants that aren't in the sample of their cue, with the reason. Only
-- cues that have more records than the sample takes are ranked.
--
-- reads swow_trial, swow_judged, swow_person, swow_word
--       swow_sample(size, ties, minimum, native, participant, given, seed)    one row, or none: no sample
with candidate as (
  select t.trial, t.cue, t.person,
    3 - case when t.k1 in (1, 3) then 1 else 0 end - case when t.k2 in (1, 3) then 1 else 0 end
      - case when t.k3 in (1, 3) then 1 else 0 end as given
  from swow_trial t join swow_judged j on j.person = t.person
  where t.raw and j.status = 'Valid'
),
size as (
  select cue, count(*) as n from candidate group by cue
),
highest as (
  select max(p.number) as number from swow_person p join swow_judged j on j.person = p.person where j.status = 'Valid'
),
keyed as (
  select c.trial, c.cue, s.size, s.ties,
    s.native * p.priority + s.given * c.given
      + case when s.participant = 0 then 0 else s.participant * (p.number / nullif(h.number, 0)) end as sample_key,
    case when s.ties then '' else md5(cast(s.seed as string) || '|' || w.word || '|' || p.participant_id) end as draw
  from candidate c
  join size n on n.cue = c.cue
  join swow_person p on p.person = c.person
  join swow_word w on w.id = c.cue
  cross join swow_sample s
  cross join highest h
  where n.n > s.size
),
placed as (
  select trial, size, sample_key, rank() over (partition by cue order by sample_key desc nulls last, draw nulls last,
    case when ties then 0 else trial end nulls last) as place
  from keyed
)
select trial, case when sample_key is null then 'unranked' else 'sample' end as reason
from placed where place > size or sample_key is null
union all
select c.trial, 'few' from candidate c join size n on n.cue = c.cue cross join swow_sample s where n.n < s.minimum
