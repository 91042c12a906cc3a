-- The reward ranking in SQL, from the text of the answer on.
with parts as (
    select sample, label, string_split_regex(completion, '(?i)final\s+ranking|最终排名|最终排序') as parts from samples
),
lines as (
    select sample, unnest(string_split(parts[-1], chr(10))) as line,
        generate_subscripts(string_split(parts[-1], chr(10)), 1) as place
    from parts
    where len(parts) > 1
),
numbered as (
    select sample, place, regexp_extract(line, '(?:^|[^0-9])([0-9]{1,4})\s*[:：]', 1) as number,
        regexp_extract(line, '(?:^|[^0-9])[0-9]{1,4}\s*[:：](.*)', 1) as word
    from lines
),
-- Of a number's lines the first counts, of a word's places the first.
words as (
    select sample, fold(trim(word, ' *')) as response, min(number) as number
    from (select sample, number::int as number, arg_min(word, place) as word from numbered where number <> ''
        group by sample, number::int)
    group by all
),
gold as (
    select sample, response, min(rank) as rank
    from (select sample, unnest(label, max_depth := 2) from samples)
    group by all
),
kept as (
    select sample, list(rank order by number) as ranks from words join gold using (sample, response) group by sample
),
lists as (
    select sample, len(label) as k, ranks, list_transform(range(len(ranks), len(label)), lambda i: len(label) + 1.0) as missing
    from kept join samples using (sample)
),
orders as (
    select sample, k, 'answer' as kind, ranks || missing as list from lists
    union all select sample, k, 'best', list_sort(ranks) || missing from lists
    union all select sample, k, 'untied', range(1, len(ranks) + 1)::double[] || missing from lists
),
against_places as (
    select sample, kind, corr(rank, place) as rho
    from (select sample, kind, unnest(range(1, k + 1)) as place, unnest(list_transform(list, lambda x:
            len(list_filter(list, lambda y: y < x)) + (len(list_filter(list, lambda y: y = x)) + 1) / 2)) as rank
        from orders)
    group by all
)
select sample, max(rho) filter (kind = 'answer') * max(rho) filter (kind = 'untied') / max(rho) filter (kind = 'best') as reward,
    case
        when len(any_value(parts)) = 1 then 'no final ranking'
        when sample not in (select sample from numbered where number <> '' and trim(word, ' *') <> '')
            then 'no numbered line after the final ranking'
        when max(rho) is null then 'no word of the label in the final ranking'
    end as failed
from parts
left join against_places using (sample)
group by sample
