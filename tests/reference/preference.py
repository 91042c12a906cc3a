"""The questions of data.rank_questions, written a second time to check alignctl.

It reads a raw R100 file and what alignctl made of it, and fails where they
differ: the split of the cues, the associates that each question drew, their
counts, order and ranks, and the ordered lists of data.sft_ranked. It shares
nothing with alignctl, needs Python 3 alone, and prefers plain loops to speed.

    alignctl sql -o jsonl 'select example_id, split, shown, label from data.rank_questions' > questions.jsonl
    alignctl sql -o jsonl "select cue, completion from data.sft_ranked where split <> 'train'" > lists.jsonl
    python3 preference.py --questions questions.jsonl --lists lists.jsonl R100.csv
"""
import argparse
import collections
import hashlib
import json
import sys
import unicodedata

import swow

LANGUAGE = "en"
SEED = 42
PARTS = [("train", 70), ("dev", 20), ("test", 10)]  # of the recipe cue-70-20-10
HELD = [("train", 90), ("dev", 10)]  # of the cues that the recipe calls dev
QUESTIONS, ITEMS = 6, 10


def associates(path):
    """How often each associate was given, by cue: all slots count; the cue
    itself and what has a comma are left out."""
    counts = collections.defaultdict(collections.Counter)
    for trial in swow.read_trials(path):
        answers = swow.close_gap(swow.drop_repeats(trial.answers))
        counts[trial.cue].update(filter(swow.is_word, answers))
    for cue, given in counts.items():
        for response in list(given):
            if response == cue or "," in response or "，" in response:
                del given[response]
    return counts


def ranking(given):
    """The associates, most frequent first, equal ones by their bytes."""
    return sorted(given, key=lambda response: (-given[response], response.encode()))


def ranks(counts):
    """The rank of each count of a falling sequence: its place, of equal counts
    the mean of their places."""
    places = collections.defaultdict(list)
    for place, n in enumerate(counts, start=1):
        places[n].append(place)
    return [sum(places[n]) / len(places[n]) for n in counts]


def md5(*parts):
    return hashlib.md5("|".join(map(str, parts)).encode())


def draw(*parts):
    """The last eight bytes of the md5, as a little-endian number."""
    return int.from_bytes(md5(*parts).digest()[8:], "little")


def fold(text):
    """A cue's group: NFKC, case folded, blanks trimmed and collapsed."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def divide(groups, parts):
    """The part of each group: the groups stand in the order of md5(seed|group)
    and are cut by the weights of the parts. What whole numbers leave over goes
    to the largest remainders, the earlier part first."""
    ordered = sorted(groups, key=lambda group: (md5(SEED, group).hexdigest(), group))
    weights = sum(weight for _, weight in parts)
    sizes = [len(ordered) * weight // weights for _, weight in parts]
    remainders = [len(ordered) * weight % weights for _, weight in parts]
    for i in sorted(range(len(parts)), key=lambda i: -remainders[i])[:len(ordered) - sum(sizes)]:
        sizes[i] += 1
    names = [name for (name, _), size in zip(parts, sizes) for _ in range(size)]
    return dict(zip(ordered, names))


def cue_questions(cue, given):
    """A cue's questions by number: the associates in the order drawn. Those
    with the same associates as an earlier one, and those without an order, are
    no questions."""
    seen = set()
    for number in range(1, QUESTIONS + 1):
        drawn = sorted(given, key=lambda response: draw(SEED, LANGUAGE, cue, number, response))[:ITEMS]
        different = frozenset(drawn) not in seen
        seen.add(frozenset(drawn))
        if different and len(drawn) == ITEMS and len({given[response] for response in drawn}) > 1:
            yield number, drawn


def label(shown, given):
    ordered = ranking({response: given[response] for response in shown})
    counts = [given[response] for response in ordered]
    return [{"response": response, "n": n, "rank": rank}
            for response, n, rank in zip(ordered, counts, ranks(counts))]


def questions(counts):
    """All questions as data.rank_questions has them, by example_id."""
    recipe = divide({fold(cue) for cue in counts}, PARTS)
    asked = {cue: dict(cue_questions(cue, counts[cue])) for cue in counts if recipe[fold(cue)] != "train"}
    held = divide({fold(cue) for cue in asked if asked[cue] and recipe[fold(cue)] == "dev"}, HELD)
    return {
        f"{LANGUAGE}:{cue}:{number}": {
            "split": held.get(fold(cue), "test"), "shown": shown, "label": label(shown, counts[cue])}
        for cue in asked for number, shown in asked[cue].items()
    }


def lists(counts):
    """The whole lists of the cues that are not for training, by cue."""
    recipe = divide({fold(cue) for cue in counts}, PARTS)
    return {cue: ", ".join(ranking(given)) for cue, given in counts.items() if given and recipe[fold(cue)] != "train"}


def read(path, key):
    """The records of a file of JSON lines, by one of their fields."""
    with open(path, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    return {record.pop(key): record for record in records}


def compare(what, ours, theirs):
    """Says how many records are equal, and fails at the first that isn't."""
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            sys.exit(f"{what} {key!r} differs\nhere:     {ours.get(key)}\nalignctl: {theirs.get(key)}")
    if not ours:
        sys.exit(f"no {what}: nothing to compare")
    print(f"{len(ours)} {what}s are equal")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raw", help="the R100 file")
    parser.add_argument("--questions", required=True, help="data.rank_questions as JSON lines")
    parser.add_argument("--lists", required=True, help="cue and completion of data.sft_ranked as JSON lines")
    o = parser.parse_args()
    counts = associates(o.raw)
    compare("question", questions(counts), read(o.questions, "example_id"))
    compare("list", {cue: {"completion": text} for cue, text in lists(counts).items()}, read(o.lists, "cue"))


if __name__ == "__main__":
    main()
