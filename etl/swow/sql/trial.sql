-- swow_trial: one row a record, after steps 1, 2 and 4 of the official cleaning,
-- in numbers: words and cues of swow_word, participants of swow_person, kinds of
-- swow_kind (0 word, 1 missing, 2 unknown, 3 repeat, 4 the cue itself where such
-- answers are dropped).
--
-- trial is the file's number and the line in one: 2^40 of them a file.
--
-- reads swow_record                            the language's rows of raw.swow, with members: the populations
--                                              that the record alone decides, a bit each
--       swow_file(file, file_id, source, raw)  raw: nobody has cleaned the file
--       swow_slot, swow_shown, swow_person, swow_setting
with coded as (
  select f.file * 1099511627776 + r.line as trial, f.raw, r.members, p.person, c.cue, c.variant,
    coalesce(t1.word, 0) as w1, coalesce(case when f.raw then t1.raw_kind else t1.kind end, 1) as k1,
    coalesce(t2.word, 0) as w2, coalesce(case when f.raw then t2.raw_kind else t2.kind end, 1) as k2,
    coalesce(t3.word, 0) as w3, coalesce(case when f.raw then t3.raw_kind else t3.kind end, 1) as k3
  from swow_record r
  join swow_file f on f.file_id = r.file_id and f.source = r.source
  join swow_shown c on c.text = r.cue
  join swow_person p on p.participant_id = r.participant_id and p.source = r.source
  left join swow_slot t1 on t1.text = r.r1
  left join swow_slot t2 on t2.text = r.r2
  left join swow_slot t3 on t3.text = r.r3
),
-- Step 1: a second response that repeats the first is dropped. Then a third
-- that repeats what is left of the second is dropped; it is not compared with
-- the first.
second as (
  select trial, raw, members, person, cue, variant, w1, k1, w2, w3, k3,
    case when k2 = 0 and w2 = w1 then 3 else k2 end as k2
  from coded
),
third as (
  select trial, raw, members, person, cue, variant, w1, k1, w2, k2, w3,
    case when k3 = 0 and k2 = 0 and w3 = w2 then 3 else k3 end as k3
  from second
),
-- Step 2: a third response moves up when the second is empty; the empty slot
-- takes its place, so that no kind is lost.
gap as (
  select trial, raw, members, person, cue, variant, w1, k1, w2, k2, w3, k3, k2 in (1, 3) and k3 not in (1, 3) as shifts
  from third
),
closed as (
  select trial, raw, members, person, cue, variant, w1, k1,
    case when shifts then w3 else w2 end as w2, case when shifts then k3 else k2 end as k2,
    case when shifts then w2 else w3 end as w3, case when shifts then k2 else k3 end as k3
  from gap
)
select c.trial, c.raw, c.members, c.person, c.cue, c.variant, c.w1, c.w2, c.w3,
  cast(case when c.k1 = 0 and c.w1 = c.cue and s.drop_self then 4 else c.k1 end as tinyint) as k1,
  cast(case when c.k2 = 0 and c.w2 = c.cue and s.drop_self then 4 else c.k2 end as tinyint) as k2,
  cast(case when c.k3 = 0 and c.w3 = c.cue and s.drop_self then 4 else c.k3 end as tinyint) as k3
from closed c cross join swow_setting s
