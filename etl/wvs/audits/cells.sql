-- raw.wvs_answer holds an answer for each cell of the files. That each belongs to
-- a respondent shows in reasons.sql: one that doesn't is counted nowhere.
select c.cells, a.held
from wvs_cell c
cross join (select count(*) as held from wvs_answer) a
where a.held <> c.cells
