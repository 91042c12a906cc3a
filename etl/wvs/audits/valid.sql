-- A question has a distribution where, and only where, somebody answered it.
select m.country, m.question, m.valid_n, d.valid_n as distributed
from wvs_missing m
left join (select country, question, sum(n) as valid_n from wvs_distribution group by country, question) d
  on d.country = m.country and d.question = m.question
where m.valid_n <> coalesce(d.valid_n, 0)
