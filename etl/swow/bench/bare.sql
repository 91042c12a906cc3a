-- The bare script that `alignctl etl swow` is measured against: the same four
-- tables, in the same order, as Parquet files; nothing checked, nothing
-- digested, nothing published. {csv} and {dir} are put in by main.go.
create temp table record as
select row_number() over () + 1 as line, * exclude (row_name)
from read_csv('{csv}', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
  nullstr = 'NA', allow_quoted_nulls = false, columns = {
    'row_name': 'VARCHAR', 'trial_id': 'BIGINT', 'participant_id': 'VARCHAR', 'age': 'INTEGER', 'gender': 'VARCHAR',
    'native_language': 'VARCHAR', 'country': 'VARCHAR', 'education': 'INTEGER', 'created_at': 'TIMESTAMP',
    'cue': 'VARCHAR', 'r1': 'VARCHAR', 'r2': 'VARCHAR', 'r3': 'VARCHAR'});

copy (
  select 'swow-en' as source, 'en' as language, '0123456789abcdef' as file_id, line, 'r100' as layout, trial_id,
    participant_id, created_at, age, gender, native_language, education, null::varchar as city, country,
    null::varchar as section, cue, null::varchar as r1_raw, null::varchar as r2_raw, null::varchar as r3_raw, r1, r2, r3
  from record order by line
) to '{dir}/raw.swow.parquet' (format parquet, compression zstd);

create temp table word as
with slot as (
  select line, participant_id, cue, country, native_language, unnest([1, 2, 3]) as "position",
    unnest([r1, case when r2 is null or r2 = r1 then r3 else r2 end,
      case when r2 is null or r2 = r1 or r3 = r2 then null else r3 end]) as response
  from record
)
select *, case when response is null or response in ('', 'No more responses') then 'missing'
    when response in ('Unknown word', '"Unknown word') then 'unknown' else 'word' end as kind
from slot;

copy (
  select 'en' as language, 'swow-en' as source, '0123456789abcdef' as file_id, line, participant_id, cue, "position",
    response, kind, kind = 'word' as kept
  from word order by line, "position"
) to '{dir}/core.association.parquet' (format parquet, compression zstd);

copy (
  with member as (
    select 'all' as population, * from word where kind = 'word'
    union all
    select 'us', * from word where kind = 'word' and country = 'United States' and native_language = 'United States'
  ),
  counted as (
    select population, cue, response, count(*) filter ("position" = 1) as n1, count(*) as n123 from member group by all
  ),
  ranked as (
    select *, sum(n1) over (partition by population, cue)::bigint as total1,
      sum(n123) over (partition by population, cue)::bigint as total123,
      rank() over (partition by population, cue order by n123 desc) as "rank"
    from counted
  )
  select 'en' as language, population, cue, response, n1, n123, total1, total123, n1 / nullif(total1, 0) as strength1,
    n123 / total123 as strength123, "rank"
  from ranked order by population, cue, response
) to '{dir}/core.strength.parquet' (format parquet, compression zstd);

copy (
  with grouped as (select distinct cue, lower(trim(cue)) as cue_group from record),
  placed as (
    select cue_group, row_number() over (order by md5('42|' || cue_group)) as place, count(*) over () as groups
    from (select distinct cue_group from grouped)
  )
  select 'en' as language, 'cue-70-20-10' as recipe, cue, cue_group, 42::bigint as seed,
    case when place <= 0.7 * groups then 'train' when place <= 0.9 * groups then 'dev' else 'test' end as split
  from grouped join placed using (cue_group) order by cue
) to '{dir}/core.split.parquet' (format parquet, compression zstd);
