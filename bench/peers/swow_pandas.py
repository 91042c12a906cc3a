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
    texts = ["nativeLanguage", "country", "cue", "R1", "R2", "R3"]
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


def groups(wide, people, variants):
    """Per record: the participant's status, and whether it counts in the
    populations official (the sample, without variants) and us."""
    trials = wide[["id", "cue", "participantID", "nativeLanguage"]].merge(
        people[["participantID", "status"]], on="participantID")
    trials["us"] = ((wide["nativeLanguage"] == "United States") & (wide["country"] == "United States")).to_numpy()
    valid = trials[trials["status"] == "Valid"]
    key = valid["nativeLanguage"].map(NATIVE).fillna(0) + valid["participantID"] / valid["participantID"].max()
    rank = key.groupby(valid["cue"]).rank(method="min", ascending=False)
    trials["official"] = trials["id"].isin(valid.loc[rank <= 100, "id"]) & ~trials["cue"].isin(variants)
    return trials[["id", "status", "us", "official"]]


def strengths(association):
    """The strengths of each population."""
    words = association[(association["kind"] == "word") & (association["status"] == "Valid")]
    words = words.assign(n1=words["position"] == 1)
    return pd.concat([
        table(words).assign(population="all"),
        table(words[words["official"]]).assign(population="official"),
        table(words[words["us"]]).assign(population="us"),
    ])


def table(words):
    counted = words.groupby(["cue", "response"]).agg(n1=("n1", "sum"), n123=("n1", "size")).reset_index()
    by = counted.groupby("cue")
    counted["total1"], counted["total123"] = by["n1"].transform("sum"), by["n123"].transform("sum")
    counted["strength1"] = counted["n1"] / counted["total1"]
    counted["strength123"] = counted["n123"] / counted["total123"]
    return counted.sort_values(["cue", "n123", "response"], ascending=[True, False, True])


def main(path, words, cues, variants, out):
    wide = read(path, dict(line.split("\t") for line in lines(cues)))
    slots = long(wide)
    people = participants(slots, lines(words))
    people.to_parquet(f"{out}/participant.parquet")
    association = slots.merge(groups(wide, people, lines(variants)), on="id")
    del wide, slots
    association.to_parquet(f"{out}/association.parquet")
    strengths(association).to_parquet(f"{out}/strength.parquet")


main(*sys.argv[1:])
