-- A cue's strengths sum to 1, over first responses and over all.
select population, cue, sum(strength1) as strength1, sum(strength123) as strength123
from core_strength
where population in (select population from swow_population) -- a ready-made table may leave words out
group by population, cue
having abs(sum(strength123) - 1) > 1e-9 or abs(coalesce(sum(strength1), 1) - 1) > 1e-9
