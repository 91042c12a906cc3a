-- core.norm: one value a word, dimension and source, by all raters, on the scale
-- that sources share.
--
-- Where several records are of one word, those without a sense count, else all
-- of them; their mean is weighted by raters where each tells them. Sums are of
-- whole numbers, so that their order doesn't matter. What is computed has 9
-- decimals: 6 - 4.2 is 1.8, as on paper.
--
-- reads norm_record                              the source's rows of raw.norm
--       norm_scale(dimension, low, high)         the shared scales; other dimensions keep their own
with rated as (
  select source, language, headword, folded, dimension, sense, mean, sd, n, scale_low, scale_high, reversed
  from norm_record
  where "group" = 'Sum' and mean is not null
),
entry as (
  select language, headword, dimension, count(*) as entries, count(*) - count(sense) as bare,
    count(distinct sense) as senses
  from rated
  group by language, headword, dimension
),
chosen as (
  select r.source, r.language, r.headword, r.folded, r.dimension, r.mean, r.sd, r.n,
    r.scale_low, r.scale_high, r.reversed, e.entries, e.bare, e.senses, cast(round(r.mean * 1000000000) as bigint) as billionths
  from rated r join entry e on e.language = r.language and e.headword = r.headword and e.dimension = r.dimension
  where r.sense is null or e.bare = 0
),
merged as (
  select source, language, headword, folded, dimension, entries, bare, senses,
    min(scale_low) as scale_low, min(scale_high) as scale_high, bool_and(reversed) as reversed,
    min(mean) as mean, min(sd) as sd, count(*) as records, count(n) as told, sum(n) as raters,
    sum(billionths) as total, sum(billionths * n) as weighted
  from chosen
  group by source, language, headword, folded, dimension, entries, bare, senses
),
resolved as (
  select source, language, headword, folded, dimension, scale_low, scale_high, reversed, records, senses,
    case when records = 1 then mean
      when told = records and raters > 0 then round(cast(weighted as double) / cast(raters as double)) / 1000000000
      else round(cast(total as double) / records) / 1000000000 end as original,
    case when records = 1 then sd end as sd,
    case when told = records then cast(raters as bigint) end as n,
    case when bare > 0 and entries > bare then 'bare'
      when records = 1 then 'single'
      when bare = 0 and senses > 1 then 'senses'
      else 'repeated' end as rule
  from merged
),
-- least is where the source's scale stands for the least, most for the most.
aimed as (
  select r.source, r.language, r.headword, r.folded, r.dimension, r.original, r.scale_low, r.scale_high, r.reversed,
    r.sd, r.n, r.records, r.senses, r.rule,
    case when r.reversed then r.scale_high else r.scale_low end as least,
    case when r.reversed then r.scale_low else r.scale_high end as most,
    coalesce(s.low, r.scale_low) as value_low, coalesce(s.high, r.scale_high) as value_high
  from resolved r left join norm_scale s on s.dimension = r.dimension
)
select source, language, headword as word, folded, dimension,
  case when least = value_low and most = value_high then original
    else least(value_high, greatest(value_low, round(1000000000 *
      ((original * (value_high - value_low) + (value_low * most - value_high * least)) / (most - least))) / 1000000000))
    end as value,
  value_low, value_high, original, scale_low, scale_high, reversed,
  case when least = value_low and most = value_high then sd
    else round(1000000000 * (sd * (value_high - value_low) / abs(most - least))) / 1000000000 end as sd,
  n, records, senses, rule
from aimed
