-- swow_shown: each text that stands as a cue, with the number of the cue that it
-- is.
--
-- reads swow_reading (reading.sql), swow_word (word.sql)
select r.text, w.id as cue, w.variant
from swow_reading r join swow_word w on w.word = r.cue
where r.is_cue = 1
