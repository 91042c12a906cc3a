"""A World Values Survey file to answers in long form and distributions, in
bare DuckDB: nothing checked, digested or published.

    python wvs_duckdb.py WVS.csv OUT [MEMORY]
"""
import sys

import duckdb

SCRIPT = """
create temp table wide as
select B_COUNTRY_ALPHA as country, D_INTERVIEW as respondent, W_WEIGHT as weight,
  cast(columns('^Q[0-9]') as integer)
from read_csv('{path}', header = true);

create temp table answer as
unpivot wide on columns('^Q[0-9]') into name question value code;

copy (select country, respondent, question, code from answer) to '{out}/answer.parquet';

copy (
  with counted as (
    select country, question, code, count(*) as n, sum(weight) as weighted_n
    from answer where code >= 0 group by all
  )
  select *, n / sum(n) over q as share, weighted_n / sum(weighted_n) over q as weighted_share
  from counted window q as (partition by country, question) order by country, question, code
) to '{out}/distribution.parquet';
"""


def main(path, out, memory="2GiB"):
    with duckdb.connect(config={"memory_limit": memory, "temp_directory": out}) as db:
        db.execute("set preserve_insertion_order = false")
        db.execute(SCRIPT.format(path=path, out=out))


main(*sys.argv[1:])
