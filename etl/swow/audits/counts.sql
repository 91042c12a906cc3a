-- Every kept response is counted once in the population of everybody.
select kept, counted
from (select count(*) as kept from core_association where kept) a
cross join (select coalesce(sum(n123), 0) as counted from core_strength where population = 'all') s
where kept <> counted
