"""A World Values Survey file to answers in long form and distributions, in
pandas: the pyarrow reader, whole columns, categories for what repeats.

    python wvs_pandas.py WVS.csv OUT
"""
import sys

import pandas as pd


def main(path, out):
    header = pd.read_csv(path, nrows=0).columns
    questions = [name for name in header if name.startswith("Q") and name[1].isdigit()]
    wide = pd.read_csv(path, usecols=["B_COUNTRY_ALPHA", "D_INTERVIEW", "W_WEIGHT", *questions],
                       engine="pyarrow")
    wide = wide.rename(columns={"B_COUNTRY_ALPHA": "country", "D_INTERVIEW": "respondent", "W_WEIGHT": "weight"})
    wide["country"] = wide["country"].astype("category")
    answers = wide.melt(["country", "respondent", "weight"], questions, "question", "code")
    del wide
    answers["question"] = answers["question"].astype("category")
    answers = answers.dropna(subset="code")
    answers["code"] = answers["code"].astype("int32")
    answers.drop(columns="weight").to_parquet(f"{out}/answer.parquet")
    counted = (
        answers[answers["code"] >= 0]
        .groupby(["country", "question", "code"], observed=True)["weight"]
        .agg(n="size", weighted_n="sum")
        .reset_index()
    )
    by = counted.groupby(["country", "question"], observed=True)
    counted["share"] = counted["n"] / by["n"].transform("sum")
    counted["weighted_share"] = counted["weighted_n"] / by["weighted_n"].transform("sum")
    counted.to_parquet(f"{out}/distribution.parquet")


main(*sys.argv[1:])
