-- raw.wvs_answer holds a row for each respondent of a file and each of its questions.
select f.file_id, f.records * f.questions as cells, count(a.respondent) as answers
from wvs_file f
left join wvs_respondent r on r.file_id = f.file_id
left join wvs_answer a on a.respondent = r.respondent
group by f.file_id, f.records, f.questions
having count(a.respondent) <> f.records * f.questions
