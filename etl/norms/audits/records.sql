-- Each record that the check counted in a file gave one row of raw.norm for each
-- of the file's ratings.
select f.file_id, f.records, f.ratings, count(r.line) as loaded, count(distinct r.line) as lines
from norm_file f left join norm_record r on r.source = f.source and r.file_id = f.file_id
group by f.file_id, f.records, f.ratings
having count(r.line) <> f.records * f.ratings or count(distinct r.line) <> f.records
