-- raw.swow holds exactly the records that the check counted in each file.
select f.file_id, f.records, count(r.line) as loaded
from swow_checked f left join raw.swow r on r.source = f.source and r.file_id = f.file_id
group by f.file_id, f.records
having count(r.line) <> f.records
