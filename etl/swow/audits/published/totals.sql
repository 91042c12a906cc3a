-- The counts of a cue are no more than its total. They may be less: official
-- tables leave some words out.
select source, measure, cue, sum(n) as counted, max(total) as total
from raw.strength
group by source, measure, cue
having sum(n) > max(total)
