-- raw.wvs_answer holds an answer for each cell of the files, and each belongs to a respondent.
select c.cells, t.answers, a.held
from wvs_cell c
cross join (select coalesce(sum(n), 0) as answers from wvs_tally) t
cross join (select count(*) as held from wvs_answer) a
where t.answers <> c.cells or a.held <> c.cells
