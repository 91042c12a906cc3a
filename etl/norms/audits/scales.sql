-- The files of a source have one scale for a dimension.
select language, dimension, count(*) as scales
from (select distinct language, dimension, scale_low, scale_high, reversed from norm_record) s
group by language, dimension
having count(*) > 1
