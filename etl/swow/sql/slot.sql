-- swow_slot: each text as the record's slots need it: the word's number (0 where
-- it stands for no word) and its kinds.
--
-- reads swow_reading (reading.sql), swow_word (word.sql)
select r.text, coalesce(w.id, 0) as word, r.kind, r.raw_kind
from swow_reading r left join swow_word w on w.word = r.word
where r.is_response = 1
