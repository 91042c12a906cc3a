"""The official cleaning of a SWOW-EN `complete` file in polars, as one who
knows it would write it: lazy, expressions alone, the streaming engine.

    python swow_polars.py COMPLETE.csv WORDS CUES VARIANTS OUT

A quoted "NA" can't be told from a missing one: polars drops quotes first.
"""
import sys

import polars as pl

MISSING, UNKNOWN = "No more responses", ["Unknown word", '"Unknown word']
NATIVE = {
    "United States": 3, "Canada": 2, "Australia": 2, "New Zealand": 2, "Jamaica": 2,
    "Puerto Rico": 2, "South Africa": 2, "Ireland": 1, "United Kingdom": 1,
}


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def read(path, corrections):
    wanted = ["id", "participantID", "nativeLanguage", "country", "cue", "R1", "R2", "R3"]
    r1, r2, r3 = pl.col("R1"), pl.col("R2"), pl.col("R3")
    unknown2, unknown3 = r2.is_in(UNKNOWN), r3.is_in(UNKNOWN)
    return (
        pl.scan_csv(path, schema_overrides=dict.fromkeys(wanted[2:], pl.String), null_values="NA",
                    infer_schema_length=0)
        .select(wanted)
        .with_columns(
            pl.col("id", "participantID").cast(pl.Int64),
            pl.col("cue").replace(corrections),
            # nothing was said: null
            *(pl.when(~pl.col(r).is_in([MISSING, ""])).then(pl.col(r)).alias(r) for r in ("R1", "R2", "R3")),
        )
        .with_columns(R2=pl.when((r2 != r1).fill_null(True) | unknown2).then(r2))
        .with_columns(R3=pl.when((r3 != r2).fill_null(True) | unknown3).then(r3))
        .with_columns(
            R2=pl.coalesce("R2", "R3"),
            R3=pl.when(r2.is_not_null()).then(r3),
        )
    )


def long(wide):
    """One row a slot; unknown becomes null with a flag."""
    slots = pl.concat([
        wide.select("id", "participantID", "cue", pl.lit(slot, pl.Int8).alias("position"),
                    pl.col(f"R{slot}").alias("response"))
        for slot in (1, 2, 3)
    ])
    unknown = pl.col("response").is_in(UNKNOWN).fill_null(False)
    return slots.with_columns(
        kind=pl.when(unknown).then(pl.lit("unknown")).when(pl.col("response").is_null())
        .then(pl.lit("missing")).otherwise(pl.lit("word")),
        response=pl.when(~unknown).then(pl.col("response")),
    )


def participants(slots, lexicon):
    word = pl.col("response")
    n = word.count()
    return (
        slots.group_by("participantID")
        .agg(
            x=1 - n / pl.len(),
            english=word.is_in(lexicon).sum() / n,
            repeat=1 - word.drop_nulls().n_unique() / n,
            ngram=word.str.strip_chars().str.contains(r"[\s,;]").sum() / n,
        )
        .with_columns(
            status=pl.when(pl.col("x") > 0.6).then(pl.lit("X"))
            .when(pl.col("english") < 0.6).then(pl.lit("Non-native"))
            .when(pl.col("repeat") > 0.2).then(pl.lit("Perseveration"))
            .when(pl.col("ngram") > 0.3).then(pl.lit("Verbose"))
            .otherwise(pl.lit("Valid"))
        )
    )


def groups(wide, people, variants):
    """Per record: the participant's status, and whether it counts in the
    populations official (the sample, without variants) and us."""
    native = pl.col("nativeLanguage").replace_strict(NATIVE, default=0, return_dtype=pl.Int64)
    key = native + pl.col("participantID") / pl.col("participantID").max()
    us = (pl.col("nativeLanguage") == "United States") & (pl.col("country") == "United States")
    trials = wide.join(people.select("participantID", "status"), on="participantID").with_columns(
        us=us.fill_null(False))
    sampled = (
        trials.filter(pl.col("status") == "Valid")
        .with_columns(key=key)
        .filter(pl.col("key").rank("min", descending=True).over("cue") <= 100)
        .select("id", official=~pl.col("cue").is_in(variants))
    )
    return trials.select("id", "status", "us").join(sampled, on="id", how="left").with_columns(
        pl.col("official").fill_null(False))


def strengths(association):
    """The strengths of each population, counted in one pass."""
    first, official, us = pl.col("position") == 1, pl.col("official"), pl.col("us")
    counted = (
        association.filter((pl.col("kind") == "word") & (pl.col("status") == "Valid"))
        .group_by("cue", "response")
        .agg(
            n1_all=first.sum(), n123_all=pl.len(),
            n1_official=(first & official).sum(), n123_official=official.sum(),
            n1_us=(first & us).sum(), n123_us=us.sum(),
        )
        .collect(engine="streaming").lazy()
    )
    return pl.concat([
        counted.select(pl.lit(name).alias("population"), "cue", "response", n1=f"n1_{name}", n123=f"n123_{name}")
        .filter(pl.col("n123") > 0)
        .with_columns(total1=pl.col("n1").sum().over("cue"), total123=pl.col("n123").sum().over("cue"))
        .with_columns(strength1=pl.col("n1") / pl.col("total1"), strength123=pl.col("n123") / pl.col("total123"))
        .sort("cue", "n123", "response", descending=[False, True, False])
        for name in ("all", "official", "us")
    ])


def main(path, words, cues, variants, out):
    corrections = dict(line.split("\t") for line in lines(cues))
    wide = read(path, corrections).collect(engine="streaming").lazy()
    slots = long(wide)
    people = participants(slots, lines(words)).collect(engine="streaming").lazy()
    people.sort("participantID").sink_parquet(f"{out}/participant.parquet")
    association = slots.join(groups(wide, people, lines(variants)).collect(engine="streaming").lazy(), on="id")
    association.sink_parquet(f"{out}/association.parquet")
    strengths(association).sink_parquet(f"{out}/strength.parquet")


main(*sys.argv[1:])
