"""The official cleaning of a SWOW-EN `complete` file in bare DuckDB: the SQL
of one who knows it, nothing checked, digested or published.

    python swow_duckdb.py COMPLETE.csv WORDS CUES VARIANTS OUT [MEMORY]
"""
import sys

import duckdb

COLUMNS = ("id participantID created_at age nativeLanguage gender education city country section cue "
           "R1Raw R2Raw R3Raw R1 R2 R3").split()

SCRIPT = """
create temp table wide as
with told as (
  select id::bigint as id, participantID::bigint as participant, coalesce(c.correction, cue) as cue,
    case when nativeLanguage = 'United States' then 3
      when nativeLanguage in ('Canada', 'Australia', 'New Zealand', 'Jamaica', 'Puerto Rico', 'South Africa') then 2
      when nativeLanguage in ('Ireland', 'United Kingdom') then 1 else 0 end as native,
    coalesce(nativeLanguage = 'United States' and country = 'United States', false) as us,
    case when R1 not in ('', 'No more responses') then R1 end as r1,
    case when R2 not in ('', 'No more responses') then R2 end as r2,
    case when R3 not in ('', 'No more responses') then R3 end as r3
  from {file} left join read_csv('{cues}', header = false, delim = '\t', quote = '',
    columns = {{'original': 'varchar', 'correction': 'varchar'}}) c on c.original = cue
),
second as (
  select * replace (case when r2 is distinct from r1 or r2 in ('Unknown word', '"Unknown word') then r2 end as r2)
  from told
),
third as (
  select * replace (case when r3 is distinct from r2 or r3 in ('Unknown word', '"Unknown word') then r3 end as r3)
  from second
)
select * replace (coalesce(r2, r3) as r2, case when r2 is not null then r3 end as r3) from third;

create temp table slot as
select id, participant, cue, unnest([1::tinyint, 2::tinyint, 3::tinyint]) as "position",
  unnest([r1, r2, r3]) as answer,
  case when answer is null then 'missing' when answer in ('Unknown word', '"Unknown word') then 'unknown'
    else 'word' end as kind
from wide;

create temp table participant as
with counted as (
  select participant, count(*) as slots, count(*) filter (kind = 'word') as words,
    count(*) filter (kind = 'word' and l.word is not null) as english,
    count(distinct answer) filter (kind = 'word') as different,
    count(*) filter (kind = 'word' and regexp_matches(trim(answer), '[\\s,;]')) as several
  from slot left join read_csv('{words}', header = false, delim = '\t', quote = '',
    columns = {{'word': 'varchar'}}) l on l.word = answer
  group by participant
)
select *, case when 1 - words / slots > 0.6 then 'X' when english / words < 0.6 then 'Non-native'
    when 1 - different / words > 0.2 then 'Perseveration' when several / words > 0.3 then 'Verbose'
    else 'Valid' end as status
from counted;

copy (from participant order by participant) to '{out}/participant.parquet';

create temp table trial as
with ranked as (
  select id, cue, status, us, rank() over (partition by cue, status = 'Valid'
    order by native + participant / (select max(participant) from participant) desc) as place
  from wide join participant using (participant)
)
select id, status, us, status = 'Valid' and place <= 100 and cue not in (
  from read_csv('{variants}', header = false, delim = '\t', quote = '', columns = {{'cue': 'varchar'}})) as official
from ranked;

create temp table association as
select s.id, s.participant, s.cue, s."position", case when kind = 'word' then answer end as response, s.kind,
  t.status, t.official, t.us
from slot s join trial t using (id);

copy association to '{out}/association.parquet';

copy (
  with counted as (
    select cue, response, count(*) filter ("position" = 1) as n1_all, count(*) as n123_all,
      count(*) filter ("position" = 1 and official) as n1_official, count(*) filter (official) as n123_official,
      count(*) filter ("position" = 1 and us) as n1_us, count(*) filter (us) as n123_us
    from association where status = 'Valid' and kind = 'word' group by all
  ),
  populations as (
    select 'all' as population, cue, response, n1_all as n1, n123_all as n123 from counted
    union all
    select 'official', cue, response, n1_official, n123_official from counted where n123_official > 0
    union all
    select 'us', cue, response, n1_us, n123_us from counted where n123_us > 0
  )
  select *, sum(n1) over cue as total1, sum(n123) over cue as total123, n1 / total1 as strength1,
    n123 / total123 as strength123
  from populations window cue as (partition by population, cue) order by population, cue, n123 desc, response
) to '{out}/strength.parquet';
"""


def main(path, words, cues, variants, out, memory="2GiB"):
    file = f"""read_csv('{path}', header = true, auto_detect = false, delim = ',', quote = '"', escape = '"',
      nullstr = 'NA', allow_quoted_nulls = false, columns = {dict.fromkeys(COLUMNS, 'varchar')})"""
    with duckdb.connect(config={"memory_limit": memory, "temp_directory": out}) as db:
        db.execute("set preserve_insertion_order = false")
        db.execute(SCRIPT.format(file=file, words=words, cues=cues, variants=variants, out=out))


main(*sys.argv[1:])
