-- swow_clean: one row a record, after steps 1 and 2 of the official cleaning.
--
-- r1..r3 are the responses, k1..k3 say what each slot holds: word, missing,
-- unknown, repeat, or another kind that the language's tokens name.
--
-- reads swow_record                  the language's rows of raw.swow
--       swow_token(token, kind)      texts that stand for no word
--       swow_mask(length, alphabet)  one row: what a masked word looks like, NULLs where the language has none
with coded as (
  select r.language, r.source, r.file_id, r.line, r.participant_id, r.country, r.native_language, r.cue,
    r.r1, r.r2, r.r3,
    case when r.r1 is null then 'missing' when t1.kind is not null then t1.kind
      when length(r.r1) = m.length then case when translate(r.r1, m.alphabet, '') = '' then 'missing' else 'word' end
      else 'word' end as k1,
    case when r.r2 is null then 'missing' when t2.kind is not null then t2.kind
      when length(r.r2) = m.length then case when translate(r.r2, m.alphabet, '') = '' then 'missing' else 'word' end
      else 'word' end as k2,
    case when r.r3 is null then 'missing' when t3.kind is not null then t3.kind
      when length(r.r3) = m.length then case when translate(r.r3, m.alphabet, '') = '' then 'missing' else 'word' end
      else 'word' end as k3
  from swow_record r
  cross join swow_mask m
  left join swow_token t1 on t1.token = r.r1
  left join swow_token t2 on t2.token = r.r2
  left join swow_token t3 on t3.token = r.r3
),
-- Step 1: a second response that repeats the first is dropped. Then a third
-- that repeats what is left of the second is dropped; it is not compared with
-- the first.
second as (
  select language, source, file_id, line, participant_id, country, native_language, cue, r1, r2, r3, k1,
    case when k2 = 'word' and r2 = r1 then 'repeat' else k2 end as k2, k3
  from coded
),
third as (
  select language, source, file_id, line, participant_id, country, native_language, cue, r1, r2, r3, k1, k2,
    case when k3 = 'word' and k2 = 'word' and r3 = r2 then 'repeat' else k3 end as k3
  from second
),
-- Step 2: a third response moves up when the second is empty; the empty slot
-- takes its place, so that no kind is lost.
gap as (
  select language, source, file_id, line, participant_id, country, native_language, cue, r1, r2, r3, k1, k2, k3,
    k2 in ('missing', 'repeat') and k3 not in ('missing', 'repeat') as shifts
  from third
)
select language, source, file_id, line, participant_id, country, native_language, cue, r1, k1,
  case when shifts then r3 else r2 end as r2, case when shifts then k3 else k2 end as k2,
  case when shifts then r2 else r3 end as r3, case when shifts then k2 else k3 end as k3
from gap
