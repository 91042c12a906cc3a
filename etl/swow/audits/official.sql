-- Population official, where there is one, counts what the last step keeps.
select r.n_kept, s.counted
from (select distinct n_kept from core_removed where unit = 'slot' and step = 9) r
cross join (select sum(n123) as counted from core_strength where population = 'official') s
where s.counted is not null and s.counted <> r.n_kept
