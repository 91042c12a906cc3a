-- swow_text: each different text of the records, once. What a text means is
-- worked out on these, not on the records, of which there are a hundred times
-- as many.
--
-- reads swow_record    the language's rows of raw.swow
select text, max(is_cue) as is_cue, max(is_response) as is_response
from (
  select cue as text, 1 as is_cue, 0 as is_response from swow_record
  union all select r1, 0, 1 from swow_record
  union all select r2, 0, 1 from swow_record
  union all select r3, 0, 1 from swow_record
) seen
where text is not null
group by text
