-- The reward hit_strength in SQL. What can be read of an answer is read for it (words).
with counts as (
    select sample, response, sum(n) as n
    from (select sample, cue, unnest(label, max_depth := 2) from samples)
    where response not in ('', fold(cue))
    group by sample, response
),
best as (
    select sample, list_sum(list_sort(list(n), 'DESC')[1:10]) as most from counts group by sample
),
covered as (
    select sample, sum(n) as n
    from (select sample, unnest(words[1:10]) as response from samples)
    join counts using (sample, response)
    group by sample
)
select sample, coalesce(covered.n, 0) / most as reward,
    case when trim(completion) = '' then 'empty answer' when len(words) = 0 then 'no list of words' end as failed
from samples
left join best using (sample)
left join covered using (sample)
