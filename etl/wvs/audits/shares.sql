-- The shares of a question in a country sum to 1, weighted or not.
select country, question, sum(share) as share, sum(weighted_share) as weighted_share
from wvs_distribution
group by country, question
having abs(sum(share) - 1) > 1e-9 or abs(coalesce(sum(weighted_share), 1) - 1) > 1e-9
