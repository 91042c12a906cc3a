-- Every answer is valid or has a reason, and is counted once.
select c.cells, m.counted
from wvs_cell c
cross join (select coalesce(sum(valid_n + dont_know + no_answer + not_applicable + not_asked + unknown + blank), 0) as counted
  from wvs_missing) m
where c.cells <> m.counted
