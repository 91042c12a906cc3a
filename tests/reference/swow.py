"""The official cleaning of SWOW-EN, written a second time to check alignctl.

It reads a `complete` file and writes what the nine steps make of it, as
tab-separated tables: participants, removed, sample, r1 and r123 (strengths),
cue_stats and response_stats. It shares nothing with alignctl, needs Python 3 alone, and prefers
plain loops to speed.

    python3 swow.py --out FOLDER [--words FILE] [--cues FILE] [--variants FILE] COMPLETE.csv
"""
import argparse
import collections
import csv
import dataclasses
import math
import os
import re
import sys

MISSING_TOKEN = "No more responses"
UNKNOWN_TOKENS = ("Unknown word", '"Unknown word')  # some releases: a stray quote
ROWS_PER_CUE = 100
NATIVE = {
    "United States": 3,
    "Canada": 2, "Australia": 2, "New Zealand": 2,
    "Jamaica": 2, "Puerto Rico": 2, "South Africa": 2,
    "Ireland": 1, "United Kingdom": 1,
}
# A cell: quoted (quotes within are doubled) or bare, and what ends it.
CELL = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)')

MISSING, UNKNOWN = object(), object()  # what a slot without a word holds


@dataclasses.dataclass
class Trial:
    """A row of the file: one participant's three answers to one cue."""
    id: int
    participant: int
    native: str
    cue: str
    answers: list


def records(text):
    """The records of a csv text, as lists of cells. None is a bare NA: the
    quotes are all that tells a missing value from the word "NA"."""
    at, record = 0, []
    while at < len(text):
        cell = CELL.match(text, at)
        if cell is None:
            sys.exit(f"a cell can't be read at character {at}: {text[at:at + 40]!r}")
        quoted, bare, end = cell.groups()
        if quoted is not None:
            record.append(quoted.replace('""', '"'))
        else:
            record.append(None if bare == "NA" else bare)
        at = cell.end()
        if end != ",":
            yield record
            record = []
    if record:  # the file ends in a comma
        yield record + [""]


def answer(cell):
    """What one cell of R1, R2 or R3 says."""
    if cell is None or cell == "" or cell == MISSING_TOKEN:
        return MISSING
    return UNKNOWN if cell in UNKNOWN_TOKENS else cell


def read_trials(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = records(file.read())
    header = next(rows)
    for row in rows:
        cells = dict(zip(header, row))
        yield Trial(
            id=int(cells["id"]),
            participant=int(cells["participantID"]),
            native=cells["nativeLanguage"],
            cue=cells["cue"] if cells["cue"] is not None else "NA",
            answers=[answer(cells[name]) for name in ("R1", "R2", "R3")],
        )


def drop_repeats(answers):
    """Step 1: an answer that repeats the one before it is no answer. R3 is
    compared with R2 as it then is, and never with R1."""
    r1, r2, r3 = answers
    if r2 == r1 and r2 is not UNKNOWN:
        r2 = MISSING
    if r3 == r2 and r3 is not MISSING and r3 is not UNKNOWN:
        r3 = MISSING
    return [r1, r2, r3]


def close_gap(answers):
    """Step 2: a third answer without a second becomes the second."""
    r1, r2, r3 = answers
    if r2 is MISSING and r3 is not MISSING:
        return [r1, r3, MISSING]
    return answers


def is_word(slot):
    return slot is not MISSING and slot is not UNKNOWN


def multiword(response):
    """Step 5: more than one word, where a comma or semicolon counts as one."""
    return len(response.split()) + response.count(",") + response.count(";") > 1


def status(slots, lexicon):
    """Steps 6 and 7: a participant's status, from all their slots. Without a
    word list nobody is told apart by their English."""
    words = [slot for slot in slots if is_word(slot)]
    if (len(slots) - len(words)) / len(slots) > 0.6:
        return "X"
    if lexicon is not None and sum(w in lexicon for w in words) / len(words) < 0.6:
        return "Non-native"
    if 1 - len(set(words)) / len(words) > 0.2:
        return "Perseveration"
    if sum(map(multiword, words)) / len(words) > 0.3:
        return "Verbose"
    return "Valid"


def statuses(trials, lexicon):
    """Each participant's status, by participant."""
    slots = collections.defaultdict(list)
    for trial in trials:
        slots[trial.participant] += trial.answers
    return {who: status(slots[who], lexicon) for who in sorted(slots)}


def sample(trials):
    """Step 8: the trials of each cue with the 100 largest keys. Trials with
    the key of the hundredth stay, too."""
    if not trials:
        return []
    newest = max(trial.participant for trial in trials)

    def key(trial):
        return NATIVE.get(trial.native, 0) + trial.participant / newest

    kept = []
    for _, group in sorted(by_cue(trials).items()):
        keys = sorted((key(trial) for trial in group), reverse=True)
        least = keys[:ROWS_PER_CUE][-1]
        group.sort(key=lambda trial: (trial.participant, trial.id))
        kept += [trial for trial in group if key(trial) >= least]
    return kept


def by_cue(trials):
    groups = collections.defaultdict(list)
    for trial in trials:
        groups[trial.cue].append(trial)
    return groups


def strengths(trials, slots):
    """Step 9: (cue, response, count, total, strength), strongest first, equal
    ones in the order of their bytes."""
    for cue, group in sorted(by_cue(trials).items()):
        counts = collections.Counter(
            slot for trial in group for slot in trial.answers[:slots] if is_word(slot))
        total = sum(counts.values())
        for response, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            yield cue, response, n, total, n / total


def cue_stats(trials):
    """Per cue, over all three answers: types, tokens, entropy in bits, the
    share of the tokens that are cues themselves, of unknown cues among the
    trials, and of trials without a second and a third answer."""
    groups = by_cue(trials)
    for cue, group in sorted(groups.items()):
        words = [slot for trial in group for slot in trial.answers if is_word(slot)]
        counts = collections.Counter(words)
        shares = [n / len(words) for n in counts.values()]
        yield (
            cue, len(counts), len(words),
            -math.fsum(p * math.log2(p) for p in shares),
            sum(word in groups for word in words) / len(words) if words else 0,
            sum(trial.answers[0] is UNKNOWN for trial in group) / len(group),
            sum(trial.answers[1] is MISSING for trial in group) / len(group),
            sum(trial.answers[2] is MISSING for trial in group) / len(group),
        )


def response_stats(trials):
    """Per response: the number of cues that it answers, and of its tokens."""
    tokens = collections.Counter()
    cues = collections.defaultdict(set)
    for trial in trials:
        for slot in filter(is_word, trial.answers):
            tokens[slot] += 1
            cues[slot].add(trial.cue)
    return [(word, len(cues[word]), tokens[word]) for word in sorted(tokens)]


def pairs(path):
    """A tab-separated file of original and correction."""
    with open(path, encoding="utf-8-sig") as file:
        return dict(line.rstrip("\r\n").split("\t") for line in file if line.strip())


def words(path):
    """A file of one word a line."""
    with open(path, encoding="utf-8-sig") as file:
        return {line.rstrip("\r\n") for line in file}


def write(folder, name, header, rows):
    with open(os.path.join(folder, name + ".tsv"), "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(header.split())
        table.writerows(rows)


class Removed:
    """What each step took away, in records, in participants, and in slots: a
    slot goes at the first step that has a reason to remove it."""

    def __init__(self):
        self.counts = collections.Counter()

    def trial(self, step, reason, trial):
        self.counts["record", step, reason] += 1
        self.counts["slot", step, reason] += sum(map(is_word, trial.answers))

    def rows(self):
        return [(*of, n) for of, n in sorted(self.counts.items()) if n > 0]


def tidy(trials, corrections, removed):
    """Steps 1 to 4, in place."""
    for trial in trials:
        given = sum(map(is_word, trial.answers))
        trial.answers = close_gap(drop_repeats(trial.answers))
        trial.cue = corrections.get(trial.cue, trial.cue)
        repeats = given - sum(map(is_word, trial.answers))
        removed.counts["slot", 1, "repeat"] += repeats
        removed.counts["slot", 3, "missing"] += trial.answers.count(MISSING) - repeats
        removed.counts["slot", 3, "unknown"] += trial.answers.count(UNKNOWN)


def select(trials, status_of, variants, removed):
    """Steps 7 to 9: the official sample, and what of it has strengths."""
    for status in status_of.values():
        if status != "Valid":
            removed.counts["participant", 7, status] += 1
    for trial in trials:
        if status_of[trial.participant] != "Valid":
            removed.trial(7, status_of[trial.participant], trial)
    valid = [trial for trial in trials if status_of[trial.participant] == "Valid"]
    sampled = sample(valid)
    inside = {id(trial) for trial in sampled}
    for trial in valid:
        if id(trial) not in inside:
            removed.trial(8, "sample", trial)
        elif trial.cue in variants:
            removed.trial(9, "variant", trial)
    return sampled, [trial for trial in sampled if trial.cue not in variants]


def clean(trials, o):
    """Runs the nine steps and writes their tables."""
    removed = Removed()
    tidy(trials, pairs(o.cues) if o.cues else {}, removed)
    status_of = statuses(trials, words(o.words) if o.words else None)
    sampled, kept = select(trials, status_of, words(o.variants) if o.variants else set(), removed)

    write(o.out, "participants", "participant status", status_of.items())
    write(o.out, "removed", "unit step reason n", removed.rows())
    write(o.out, "sample", "cue participant id", ((t.cue, t.participant, t.id) for t in sampled))
    for name, slots in (("r1", 1), ("r123", 3)):
        write(o.out, name, "cue response n total strength", strengths(kept, slots))
    write(o.out, "cue_stats", "cue types tokens entropy coverage unknown missing_r2 missing_r3",
          cue_stats(kept))
    write(o.out, "response_stats", "response types tokens", response_stats(kept))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("complete", help="a SWOW-EN complete file")
    parser.add_argument("--out", required=True, help="folder of the tables")
    parser.add_argument("--words", help="word list, one a line: who knows English")
    parser.add_argument("--cues", help="cue corrections: original, tab, correction")
    parser.add_argument("--variants", help="British variants, one a line: cues without strengths")
    o = parser.parse_args()
    clean(list(read_trials(o.complete)), o)


if __name__ == "__main__":
    main()
