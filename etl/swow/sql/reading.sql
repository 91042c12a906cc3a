-- swow_reading: what each text means as a response, and the cue that it is.
--
-- kind is a code of swow_kind: 0 a word, 1 missing, 2 unknown, others as the
-- language's tokens name them. raw_kind is the same in a file that nobody has
-- cleaned, where words are also set aside for what they look like.
-- Step 4 of the official cleaning, cue corrections, is done here; spelling
-- corrections come before steps 1 and 2, so that two spellings of a word are a
-- repeat.
--
-- reads swow_text                                        (text.sql)
--       swow_fold(text, word)                            texts that normalising changes
--       swow_spelling, swow_cue_correction(original, correction)
--       swow_token(token, kind)                          texts that stand for no word
--       swow_mask(length, alphabet)                      one row: what a masked word looks like, or NULLs
--       swow_shape(word, kind, symbol, latin)            words that stand out by their characters
--       swow_setting(longest, long_kind, ...)            one row
with folded as (
  select t.text, t.is_cue, t.is_response, coalesce(f.word, t.text) as word
  from swow_text t left join swow_fold f on f.text = t.text
),
coded as (
  select f.text, f.is_cue, f.is_response, coalesce(c.correction, f.word) as cue, coalesce(s.correction, f.word) as word,
    case when k.kind is not null then k.kind when kf.kind is not null then kf.kind
      when length(f.text) = m.length then case when translate(f.text, m.alphabet, '') = '' then 1 else 0 end
      else 0 end as kind
  from folded f
  cross join swow_mask m
  left join swow_token k on k.token = f.text
  left join swow_token kf on kf.token = f.word
  left join swow_spelling s on s.original = f.word
  left join swow_cue_correction c on c.original = f.word
)
select c.text, c.is_cue, c.is_response, c.cue, case when c.kind = 0 then c.word end as word, c.kind,
  case when c.kind > 0 then c.kind when h.kind is not null then h.kind
    when length(c.word) > s.longest then s.long_kind else 0 end as raw_kind
from coded c
cross join swow_setting s
left join swow_shape h on h.word = c.word
