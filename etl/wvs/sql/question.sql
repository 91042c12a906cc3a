-- core.wvs_question: the facts, and the words that the source's codebook has.
--
-- reads wvs_source(source)                                   one row
--       wvs_fact(question, number, topic, kind, role, recodes, options, lowest, highest)
--       wvs_text(question, language, text)                   the codebook's questions
select s.source, w.question, w.language, f.number, w.text, f.topic, f.kind, f.role, f.recodes, f.options
from (
  select question, '' as language, cast(null as string) as text from wvs_fact
  union all
  select question, language, text from wvs_text
) w join wvs_fact f on f.question = w.question
cross join wvs_source s
