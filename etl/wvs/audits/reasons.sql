-- Every answer is valid or has a reason, and is counted once.
select answers, counted
from (select count(*) as answers from wvs_answer) a
cross join (select coalesce(sum(valid_n + dont_know + no_answer + not_applicable + not_asked + unknown + blank), 0) as counted
  from wvs_missing) m
where answers <> counted
