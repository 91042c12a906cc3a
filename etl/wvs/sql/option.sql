-- core.wvs_option: the codes, and the words that the source's codebook has. A
-- codebook may say the place of a code on the scale; else it is ours.
--
-- reads wvs_source(source)                                   one row
--       wvs_code(question, code, place)                      the codes of each question, and their places on its scale
--       wvs_label(question, language, code, place, label)    the codebook's answers
select s.source, o.question, o.language, o.code, o.place as "position", o.label
from (
  select question, '' as language, code, place, cast(null as string) as label from wvs_code
  union all
  select l.question, l.language, l.code, coalesce(l.place, c.place) as place, l.label
  from wvs_label l left join wvs_code c on c.question = l.question and c.code = l.code
) o cross join wvs_source s
