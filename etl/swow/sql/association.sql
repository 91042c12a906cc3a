-- core.association: step 3 of the official cleaning, wide to long. Every
-- record gives three rows; those that are not kept say why in kind and removed.
--
-- reads swow_kept, swow_word, swow_person, swow_kind(code, kind)
--       swow_file(file, file_id, source, raw)
--       swow_language(language)             one row
select l.language, f.source, f.file_id, s.trial % 1099511627776 as line, p.participant_id, c.word as cue, s.pos as "position",
  w.word as response, k.kind, s.kind = 0 and s.valid as kept,
  coalesce(s.status, s.surplus, case when s.variant then 'variant' end) as removed
from (
  select t.trial, t.person, t.cue, t.variant, t.status, t.surplus, t.valid, v.pos,
    case v.pos when 1 then t.w1 when 2 then t.w2 else t.w3 end as word,
    case v.pos when 1 then t.k1 when 2 then t.k2 else t.k3 end as kind
  from swow_kept t cross join (values (1), (2), (3)) as v(pos)
) s
join swow_file f on f.file = cast(floor(s.trial / 1099511627776) as int)
join swow_person p on p.person = s.person
join swow_word c on c.id = s.cue
join swow_kind k on k.code = s.kind
left join swow_word w on w.id = s.word
cross join swow_language l
