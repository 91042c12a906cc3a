-- wvs_tally: how often a country's respondents gave each code, and their
-- weights. Weights are summed as whole ten-billionths (no release has more
-- decimals), so that the sum doesn't depend on the order of the rows.
--
-- reads wvs_answer, wvs_respondent     the source's rows of raw.wvs_answer and raw.wvs_respondent
select r.country, a.question, a.code, count(*) as n,
  cast(sum(cast(round(r.weight * 10000000000) as bigint)) as bigint) as weight
from wvs_answer a join wvs_respondent r on r.respondent = a.respondent
group by r.country, a.question, a.code
