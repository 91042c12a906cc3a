-- swow_word: each word, as a response or a cue, with what participants are
-- judged by. Its numbers stand for words until the tables are written. several
-- is step 5 of the official cleaning: more than one word, counting each comma
-- and semicolon as one more.
--
-- reads swow_reading             (reading.sql)
--       swow_lexicon(word)       the user's word list, or nothing
--       swow_shape, swow_setting (see reading.sql)
--       swow_variant(cue)        cues that stand for British variants
select cast(row_number() over (order by w.word nulls last) as int) as id, w.word,
  case when w.word like '%,%' or w.word like '%;%' or trim(replace(w.word, chr(160), ' ')) like '% %'
    then 1 else 0 end as several,
  case when x.word is not null then 1 else 0 end as listed,
  case when length(w.word) > s.longest then 1 else 0 end as long,
  coalesce(h.symbol, 0) as symbol, coalesce(h.latin, 0) as latin, v.cue is not null as variant
from (
  select word from swow_reading where is_response = 1 and word is not null
  union
  select cue from swow_reading where is_cue = 1
) w
cross join swow_setting s
left join swow_lexicon x on x.word = w.word
left join swow_shape h on h.word = w.word
left join swow_variant v on v.cue = w.word
