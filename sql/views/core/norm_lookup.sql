-- view: core.norm_lookup
-- doc: A word of core.strength, cue or response, with its rating in a source. The same spelling is taken where the source
--   has it (exact), else one that is the same folded (folded), else the word's lemma where core.lemma has one (lemma). A
--   word without a rating has no row. For a word of your own: select * from core.norm where folded = fold('Word').
-- key: language, word, source, dimension
-- licence: no-redistribution
-- optional: core.lemma(language, form_folded, lemma_folded)
-- column: language "ISO 639-1 code"
-- column: word "the cue or response, as it is spelled there"
-- column: source "source of the rating"
-- column: dimension "valence, arousal, dominance, concreteness, aoa, ..."
-- column: match "exact, folded or lemma"
-- column: norm_word "the word of core.norm that was found"
-- column: value "mean rating on the scale that sources share"
-- column: original "mean rating in the source's scale"
-- column: sd null "standard deviation on the shared scale"
-- column: n unit=count null "raters"
with word as (
  select language, word, fold(word) as folded
  from (
    select language, cue as word from core.strength
    union
    select language, response as word from core.strength
  ) spelled
),
entry as (
  select distinct source, language, word, folded from core.norm
),
candidate as (
  select w.language, w.word, w.folded, e.source, e.word as norm_word, e.folded as norm_folded, 1 as step
  from word w join entry e on e.language = w.language and e.word = w.word
  union all
  select w.language, w.word, w.folded, e.source, e.word as norm_word, e.folded as norm_folded, 2 as step
  from word w join entry e on e.language = w.language and e.folded = w.folded
  where e.word <> w.word
  union all
  select w.language, w.word, w.folded, e.source, e.word as norm_word, e.folded as norm_folded, 3 as step
  from word w
  join core.lemma l on l.language = w.language and l.form_folded = w.folded
  join entry e on e.language = w.language and e.folded = l.lemma_folded
),
-- Of several spellings the folded one itself comes first, such as coke before Coke.
placed as (
  select language, word, source, norm_word, step,
    row_number() over (partition by language, word, source
      order by step nulls last, case when norm_word = norm_folded then 0 else 1 end nulls last, norm_word nulls last) as place
  from candidate
)
select p.language, p.word, p.source, n.dimension,
  case p.step when 1 then 'exact' when 2 then 'folded' else 'lemma' end as match,
  p.norm_word, n.value, n.original, n.sd, n.n
from placed p
join core.norm n on n.source = p.source and n.language = p.language and n.word = p.norm_word
where p.place = 1
