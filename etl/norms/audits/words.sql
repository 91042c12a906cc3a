-- Every word that was rated has a value, and nothing else has.
select coalesce(r.word, c.word) as word, coalesce(r.dimension, c.dimension) as dimension, r.word is null as unrated
from (
  select distinct language, headword as word, dimension from norm_record where "group" = 'Sum' and mean is not null
) r
full join norm_value c on c.language = r.language and c.word = r.word and c.dimension = r.dimension
where r.word is null or c.word is null
