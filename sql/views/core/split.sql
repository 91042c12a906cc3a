-- view: core.split
-- doc: The split of a cue under a recipe. Spellings of one cue (cue_group) stand on the same side: the groups of a
--   language are drawn in the order of md5(seed|cue_group) and cut by the weights, largest remainder first.
-- key: recipe, language, cue
-- scope: recipe
-- licence: open
-- param: recipe string cue-70-20-10 "name of the recipe; a build replaces the rows of this recipe only"
-- param: train int 70 0.. "weight of train"
-- param: dev int 20 0.. "weight of dev"
-- param: test int 10 0.. "weight of test"
-- param: seed int 42 "another seed draws another order"
-- param: strata int 1 1..100 "parts of nearly equal size, by how often a cue is a response, that are cut each by itself"
-- column: recipe "name of the recipe"
-- column: language "ISO 639-1 code"
-- column: cue "the cue"
-- column: cue_group "the cue in NFKC, case folded, blanks trimmed and collapsed"
-- column: stratum "1 holds the groups that were given most often as responses"
-- column: seed "groups stand in the order of md5(seed|cue_group)"
-- column: split "train, dev or test"
with cue as (
  select language, cue, fold(cue) as cue_group
  from (select distinct language, cue from core.strength) named
),
-- How often each group was given by everybody: in any slot, or in the first one where the source has no others.
given as (
  select language, fold(response) as cue_group, cast(sum(n) as bigint) as n
  from (
    select language, response, sum(coalesce(n123, n1)) as n
    from core.strength
    where population = 'all'
    group by language, response
  ) counted
  group by language, fold(response)
),
ranked as (
  select c.language, c.cue_group,
    row_number() over (partition by c.language
      order by coalesce(g.n, 0) desc nulls last, c.cue_group nulls last) - 1 as before,
    count(*) over (partition by c.language) as n
  from (select distinct language, cue_group from cue) c
  left join given g on g.language = c.language and g.cue_group = c.cue_group
),
-- A quotient's whole part, exactly: the remainder goes first.
parted as (
  select language, cue_group,
    cast(1 + (before * getvariable('strata') - before * getvariable('strata') % n) / n as int) as stratum
  from ranked
),
drawn as (
  select language, cue_group, stratum,
    row_number() over (partition by language, stratum
      order by md5(cast(getvariable('seed') as string) || '|' || cue_group) nulls last, cue_group nulls last) as place
  from parted
),
part as (
  select turn, split, weight, sum(weight) over () as weights
  from (values (1, 'train', getvariable('train')), (2, 'dev', getvariable('dev')), (3, 'test', getvariable('test')))
    as named(turn, split, weight)
),
-- Each part takes the whole part of its share, and what is left goes one each to the largest remainders, the earlier
-- part first where they are equal. Weights that are all 0 are for the audit to tell.
share as (
  select s.language, s.stratum, p.turn, p.split, s.n, s.n * p.weight % greatest(p.weights, 1) as rest,
    cast((s.n * p.weight - s.n * p.weight % greatest(p.weights, 1)) / greatest(p.weights, 1) as bigint) as whole
  from (select language, stratum, count(*) as n from drawn group by language, stratum) s
  cross join part p
),
sized as (
  select language, stratum, turn, split,
    whole + case when row_number() over (partition by language, stratum order by rest desc nulls last, turn nulls last)
      <= n - sum(whole) over (partition by language, stratum) then 1 else 0 end as size
  from share
),
cut as (
  select language, stratum, split, size,
    sum(size) over (partition by language, stratum order by turn nulls last
      rows between unbounded preceding and current row) as last
  from sized
)
select cast(getvariable('recipe') as string) as recipe, c.language, c.cue, c.cue_group, d.stratum,
  cast(getvariable('seed') as bigint) as seed, k.split
from cue c
join drawn d on d.language = c.language and d.cue_group = c.cue_group
join cut k on k.language = d.language and k.stratum = d.stratum and d.place > k.last - k.size and d.place <= k.last

-- audit: weights-not-all-zero "some part takes the cues"
select getvariable('train') as train, getvariable('dev') as dev, getvariable('test') as test
where getvariable('train') + getvariable('dev') + getvariable('test') = 0

-- audit: every-cue-has-a-split "no cue of core.strength is left out"
select c.language, c.cue
from (select distinct language, cue from core.strength) c
where not exists (select 1 from core.split s
  where s.recipe = getvariable('recipe') and s.language = c.language and s.cue = c.cue)
order by c.language, c.cue

-- audit: no-part-is-empty "a part with a weight has a cue in each language; a language may have too few for its strata"
select l.language, p.split
from (select distinct language from core.strength) l
cross join (values ('train', getvariable('train')), ('dev', getvariable('dev')), ('test', getvariable('test')))
  as p(split, weight)
where p.weight > 0 and not exists (select 1 from core.split s
  where s.recipe = getvariable('recipe') and s.language = l.language and s.split = p.split)
order by l.language, p.split
