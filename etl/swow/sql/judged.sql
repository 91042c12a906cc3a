-- swow_judged: steps 6 and 7 of the official cleaning: each participant's
-- statistics and status. A word is a response that stands for one and repeats
-- no other slot of its record; an answer is a slot that is neither missing nor
-- unknown.
--
-- reads swow_trial, swow_person, swow_word
--       swow_rule(place, status, statistic, above, below, native_language)    the first that applies counts
--       swow_setting(has_lexicon, has_shapes, ...)
with given as ( -- each different word of a participant, and how often
  select person, word, count(*) as n
  from (
    select t.person, case p.pos when 1 then t.w1 when 2 then t.w2 else t.w3 end as word,
      case p.pos when 1 then t.k1 when 2 then t.k2 else t.k3 end as kind
    from swow_trial t cross join (values (1), (2), (3)) as p(pos)
  ) slot
  where word > 0 and kind <> 3
  group by person, word
),
told as (
  select g.person, sum(g.n) as words, count(*) as different, sum(g.n * w.listed) as listed, sum(g.n * w.several) as several,
    sum(g.n * w.long) as long, sum(g.n * w.symbol) as symbol, sum(g.n * w.latin) as latin
  from given g join swow_word w on w.id = g.word
  group by g.person
),
kept as (
  select person, count(*) as records, max(case when raw then 1 else 0 end) as raw,
    sum(case when k1 in (1, 3) then 1 else 0 end + case when k2 in (1, 3) then 1 else 0 end
      + case when k3 in (1, 3) then 1 else 0 end) as missing,
    sum(case when k1 = 2 then 1 else 0 end + case when k2 = 2 then 1 else 0 end
      + case when k3 = 2 then 1 else 0 end) as "unknown"
  from swow_trial
  group by person
),
counted as (
  select k.person, k.records, k.raw, k.missing, k."unknown", coalesce(t.words, 0) as words,
    coalesce(t.different, 0) as different, coalesce(t.listed, 0) as listed, coalesce(t.several, 0) as several,
    coalesce(t.long, 0) as long, coalesce(t.symbol, 0) as symbol, coalesce(t.latin, 0) as latin,
    cast(nullif(3 * k.records - k.missing - k."unknown", 0) as double) as answers
  from kept k left join told t on t.person = k.person
),
measured as (
  select c.person, c.records, c.raw, c.missing, c."unknown", c.words, c.different,
    case when s.has_lexicon then c.listed end as listed, c.several,
    cast(c.missing + c."unknown" as double) / (3 * c.records) as prop_x,
    case when s.has_lexicon then c.listed / c.answers end as prop_english,
    1 - c.different / c.answers as prop_repeat, c.several / c.answers as prop_ngram,
    c.long / c.answers as prop_long,
    case when s.has_shapes then c.symbol / c.answers end as prop_symbol,
    case when s.has_shapes then c.latin / c.answers end as prop_latin
  from counted c cross join swow_setting s
),
verdict as (
  select person, min(place) as place
  from (
    select m.person, r.place, r.above, r.below, r.native_language, p.native_language as native,
      case r.statistic when 'empty' then m.prop_x when 'lexicon' then m.prop_english when 'repeat' then m.prop_repeat
        when 'multiword' then m.prop_ngram when 'long' then m.prop_long when 'symbol' then m.prop_symbol
        when 'latin' then m.prop_latin end as value
    from measured m join swow_person p on p.person = m.person cross join swow_rule r
    where m.raw = 1
  ) tried
  where value > above or value < below or native = native_language
  group by person
)
select m.person, m.records, m.raw, m.missing, m."unknown", m.words, m.different, m.listed, m.several, m.prop_x, m.prop_english, m.prop_repeat,
  m.prop_ngram, m.prop_long, m.prop_symbol, m.prop_latin, case when m.raw = 1 then coalesce(r.status, 'Valid') end as status
from measured m
left join verdict v on v.person = m.person
left join (select distinct place, status from swow_rule) r on r.place = v.place
