-- view: core.norm_coverage
-- doc: How much of a population's responses has a rating in a source: of the responses as they were given (tokens) and of
--   the different ones (types), by how the rating was found (see core.norm_lookup).
-- key: language, population, source
-- licence: open
-- column: language "ISO 639-1 code"
-- column: population "the people, as in core.strength"
-- column: source "source of the ratings"
-- column: tokens unit=count "responses that were given, in any slot; first ones where a population has no others"
-- column: exact_tokens unit=count "those with a rating under the same spelling"
-- column: folded_tokens unit=count "those with one under another spelling that is the same folded"
-- column: lemma_tokens unit=count "those with one under their lemma"
-- column: token_share unit=1 "share of the tokens with a rating"
-- column: types unit=count "different responses"
-- column: rated_types unit=count "those with a rating"
-- column: type_share unit=1 "share of the types with a rating"
with response as (
  select language, population, response as word, sum(coalesce(n123, n1)) as given
  from core.strength
  group by language, population, response
),
total as (
  select language, population, cast(sum(given) as bigint) as tokens, count(*) as types
  from response
  group by language, population
),
found as (
  select distinct language, word, source, match from core.norm_lookup
),
rated as (
  select r.language, r.population, f.source, count(*) as types,
    cast(sum(case when f.match = 'exact' then r.given else 0 end) as bigint) as exact_tokens,
    cast(sum(case when f.match = 'folded' then r.given else 0 end) as bigint) as folded_tokens,
    cast(sum(case when f.match = 'lemma' then r.given else 0 end) as bigint) as lemma_tokens
  from response r join found f on f.language = r.language and f.word = r.word
  group by r.language, r.population, f.source
)
select t.language, t.population, r.source, t.tokens, r.exact_tokens, r.folded_tokens, r.lemma_tokens,
  cast(r.exact_tokens + r.folded_tokens + r.lemma_tokens as double) / t.tokens as token_share,
  t.types, r.types as rated_types, cast(r.types as double) / t.types as type_share
from total t join rated r on r.language = t.language and r.population = t.population
