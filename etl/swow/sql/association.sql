-- core.association: step 3 of the official cleaning, wide to long. Every
-- record gives three rows; those that are not kept say why in kind.
--
-- reads swow_clean  (clean.sql)
select language, source, file_id, line, participant_id, cue, pos as "position",
  case when kind in ('word', 'repeat') then response end as response,
  kind, kind = 'word' as kept
from (
  select c.language, c.source, c.file_id, c.line, c.participant_id, c.cue, p.pos,
    case p.pos when 1 then c.r1 when 2 then c.r2 else c.r3 end as response,
    case p.pos when 1 then c.k1 when 2 then c.k2 else c.k3 end as kind
  from swow_clean c cross join (values (1), (2), (3)) as p(pos)
) slot
