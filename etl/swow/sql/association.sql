-- core.association, a record a row: step 3 of the official cleaning, wide to
-- long, is left to the engine (see longForm), which keeps the order that way.
--
-- reads swow_kept, swow_word, swow_person, swow_kind(code, kind)
--       swow_file(file, file_id, source, raw)
--       swow_language(language)             one row
select t.trial, l.language, f.source, f.file_id, t.trial % 1099511627776 as line, p.participant_id, c.word as cue,
  w1.word as r1, w2.word as r2, w3.word as r3, k1.kind as kind1, k2.kind as kind2, k3.kind as kind3, t.valid,
  coalesce(t.status, t.surplus, case when t.variant then 'variant' end) as removed
from swow_kept t
join swow_file f on f.file = cast(floor(t.trial / 1099511627776) as bigint)
join swow_person p on p.person = t.person
join swow_word c on c.id = t.cue
join swow_kind k1 on k1.code = t.k1
join swow_kind k2 on k2.code = t.k2
join swow_kind k3 on k3.code = t.k3
left join swow_word w1 on w1.id = t.w1
left join swow_word w2 on w2.id = t.w2
left join swow_word w3 on w3.id = t.w3
cross join swow_language l
