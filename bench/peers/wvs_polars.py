"""A World Values Survey file to answers in long form and distributions, in
polars: lazy, the streaming engine.

    python wvs_polars.py WVS.csv OUT
"""
import sys

import polars as pl


def main(path, out):
    file = pl.scan_csv(path, infer_schema_length=10_000)
    questions = [name for name in file.collect_schema() if name.startswith("Q") and name[1].isdigit()]
    answers = (
        file.select(pl.col("B_COUNTRY_ALPHA").alias("country"), pl.col("D_INTERVIEW").alias("respondent"),
                    pl.col("W_WEIGHT").alias("weight"), *(pl.col(q).cast(pl.Int32) for q in questions))
        .unpivot(questions, index=["country", "respondent", "weight"], variable_name="question", value_name="code")
        .drop_nulls("code")
    )
    written = answers.drop("weight").sink_parquet(f"{out}/answer.parquet", lazy=True)
    counted = (
        answers.filter(pl.col("code") >= 0)
        .group_by("country", "question", "code")
        .agg(n=pl.len(), weighted_n=pl.col("weight").sum())
    )
    counted = pl.collect_all([written, counted], engine="streaming")[1]
    of = ["country", "question"]
    counted.with_columns(
        share=pl.col("n") / pl.col("n").sum().over(of),
        weighted_share=pl.col("weighted_n") / pl.col("weighted_n").sum().over(of),
    ).sort(*of, "code").write_parquet(f"{out}/distribution.parquet")


main(*sys.argv[1:])
