-- swow_person: the participants of a language. Where the records of one differ
-- in what they say about the person, the smallest value counts.
--
-- reads swow_record                     the language's rows of raw.swow
--       swow_native(label, priority)    native languages that the sample prefers
select cast(row_number() over (order by g.source nulls last, g.participant_id nulls last) as int) as person,
  g.source, g.participant_id, try_cast(g.participant_id as double) as number, g.age, g.gender, g.native_language,
  g.country, g.education, coalesce(n.priority, 0) as priority
from (
  select source, participant_id, min(age) as age, min(gender) as gender, min(native_language) as native_language,
    min(country) as country, min(education) as education
  from swow_record
  group by source, participant_id
) g left join swow_native n on n.label = g.native_language
