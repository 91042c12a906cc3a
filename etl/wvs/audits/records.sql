-- raw.wvs_respondent holds exactly the records that the check counted in each file.
select f.file_id, f.records, count(r.line) as loaded
from wvs_file f left join wvs_respondent r on r.file_id = f.file_id
group by f.file_id, f.records
having count(r.line) <> f.records
