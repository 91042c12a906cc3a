-- Where the counts of a cue make up its total, so do the shares, to 1e-9.
select s.population, s.cue, sum(s.strength1) as strength1, sum(s.strength123) as strength123
from core.strength s
join (select distinct language, source from raw.strength) p on p.language = s.language and p.source = s.population
group by s.language, s.population, s.cue
having (sum(s.n1) = max(s.total1) and abs(sum(s.strength1) - 1) > 1e-9)
  or (sum(s.n123) = max(s.total123) and abs(sum(s.strength123) - 1) > 1e-9)
