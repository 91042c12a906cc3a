"""The official cleaning of a SWOW-EN `complete` file in pandas, as one who
knows it would write it: the pyarrow reader, whole columns, no Python loop over
rows.

    python swow_pandas.py COMPLETE.csv WORDS CUES VARIANTS OUT

A quoted "NA" can't be told from a missing one: pandas drops quotes first.
"""
import sys

import pandas as pd

MISSING, UNKNOWN = ["No more responses", "", "NA"], ["Unknown word", '"Unknown word']
NATIVE = {
    "United States": 3, "Canada": 2, "Australia": 2, "New Zealand": 2, "Jamaica": 2,
    "Puerto Rico": 2, "South Africa": 2, "Ireland": 1, "United Kingdom": 1,
}


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def read(path, corrections):
    texts = ["nativeLanguage", "cue", "R1", "R2", "R3"]
    wide = pd.read_csv(path, usecols=["id", "participantID", *texts], dtype=dict.fromkeys(texts, "str"),
                       keep_default_na=False, engine="pyarrow")
    wide["cue"] = wide["cue"].replace(corrections)
    for r in ("R1", "R2", "R3"):
        wide[r] = wide[r].mask(wide[r].isin(MISSING))
    wide["R2"] = wide["R2"].mask((wide["R2"] == wide["R1"]) & ~wide["R2"].isin(UNKNOWN))
    wide["R3"] = wide["R3"].mask((wide["R3"] == wide["R2"]) & ~wide["R3"].isin(UNKNOWN))
    gap = wide["R2"].isna()
    wide["R2"] = wide["R2"].fillna(wide["R3"])
    wide["R3"] = wide["R3"].mask(gap)
    return wide


def long(wide):
    """One row a slot; unknown becomes missing with a flag."""
    slots = wide.melt(["id", "participantID", "cue"], ["R1", "R2", "R3"], "position", "response")
    slots["position"] = slots["position"].str[1:].astype("int8")
    unknown = slots["response"].isin(UNKNOWN)
    slots["response"] = slots["response"].mask(unknown)
    slots["kind"] = pd.Categorical.from_codes(
        unknown + 2 * slots["response"].notna(), ["missing", "unknown", "word"])
    return slots


def participants(slots, lexicon):
    words = slots.loc[slots["kind"] == "word", ["participantID", "response"]]
    words = words.assign(
        english=words["response"].isin(lexicon),
        several=words["response"].str.strip().str.contains(r"[\s,;]", regex=True),
    )
    by = words.groupby("participantID")
    people = by[["english", "several"]].sum()
    people["n"], people["different"] = by.size(), by["response"].nunique()
    people = people.reindex(slots["participantID"].unique(), fill_value=0).sort_index()
    total = slots.groupby("participantID").size()
    people["status"] = "Valid"
    for status, bad in (  # the first rule is the last to be written
        ("Verbose", people["several"] / people["n"] > 0.3),
        ("Perseveration", 1 - people["different"] / people["n"] > 0.2),
        ("Non-native", people["english"] / people["n"] < 0.6),
        ("X", 1 - people["n"] / total > 0.6),
    ):
        people["status"] = people["status"].mask(bad, status)
    return people.reset_index()


def sample(wide, people):
    valid = wide[wide["participantID"].isin(people.loc[people["status"] == "Valid", "participantID"])]
    key = valid["nativeLanguage"].map(NATIVE).fillna(0) + valid["participantID"] / valid["participantID"].max()
    return valid.loc[key.groupby(valid["cue"]).rank(method="min", ascending=False) <= 100, "id"]


def strengths(association, variants):
    kept = association[association["kept"] & (association["kind"] == "word") & ~association["cue"].isin(variants)]
    table = kept.assign(n1=kept["position"] == 1).groupby(["cue", "response"]).agg(
        n1=("n1", "sum"), n123=("n1", "size")).reset_index()
    by = table.groupby("cue")
    table["total1"], table["total123"] = by["n1"].transform("sum"), by["n123"].transform("sum")
    table["strength1"], table["strength123"] = table["n1"] / table["total1"], table["n123"] / table["total123"]
    return table.sort_values(["cue", "n123", "response"], ascending=[True, False, True])


def main(path, words, cues, variants, out):
    wide = read(path, dict(line.split("\t") for line in lines(cues)))
    association = long(wide)
    people = participants(association, lines(words))
    people.to_parquet(f"{out}/participant.parquet")
    association["kept"] = association["id"].isin(sample(wide, people))
    del wide
    association.to_parquet(f"{out}/association.parquet")
    strengths(association, lines(variants)).to_parquet(f"{out}/strength.parquet")


main(*sys.argv[1:])
