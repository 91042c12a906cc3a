-- core.participant: steps 6 and 7 of the official cleaning, as swow_judged has
-- them.
--
-- reads swow_judged, swow_person, swow_language
select l.language, p.source, p.participant_id, p.age, p.gender, p.native_language, p.country, p.education, j.records,
  cast(3 * j.records as bigint) as slots, cast(j.missing as bigint) as missing, cast(j."unknown" as bigint) as "unknown",
  cast(j.words as bigint) as words, cast(j.different as bigint) as different_words,
  cast(j.listed as bigint) as in_lexicon, cast(j.several as bigint) as multiword,
  j.prop_x, j.prop_english, j.prop_repeat, j.prop_ngram, j.prop_long, j.prop_symbol, j.prop_latin, j.status
from swow_judged j join swow_person p on p.person = j.person cross join swow_language l
