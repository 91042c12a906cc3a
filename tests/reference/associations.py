"""What scipy and numpy make of the association metrics of eval: its testdata/associations.json.

usage: python associations.py FILE

Writes 50 random and 20 edge inputs, each people's counts of words and an answer
of different words, and what is expected of them; null stands for what is
undefined. The inputs are drawn from a fixed seed: writing anew changes nothing
as long as the versions of numpy and scipy agree on the last digits.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
from scipy import stats

SEED = 9
RANDOM = 50
KS = [1, 2, 5, 10, 50]
TOP = 10


def share(part, whole):
    """A quotient, or None of nothing."""
    return float(part) / float(whole) if whole else None


def ndcg(gains, ideal, k):
    def discounted(values):
        values = np.asarray(values[:k], dtype=float)
        return float(np.sum(values / np.log2(np.arange(2, len(values) + 2))))

    return share(discounted(gains), discounted(ideal))


def spearman(positions, counts):
    if len(positions) < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant input
        rho = stats.spearmanr(positions, [-c for c in counts]).statistic
    return None if np.isnan(rho) else float(rho)


def case(counts, answer):
    """The metrics of an answer against counts by word."""
    words = list(counts)
    ranks = dict(zip(words, stats.rankdata([-counts[w] for w in words], method="min")))
    largest = sorted(counts.values(), reverse=True)
    gains = [counts.get(w, 0) for w in answer]
    hits = [w for w in answer if w in counts]
    top = {w for w in words if ranks[w] <= TOP}
    at_k = [
        {
            "k": k,
            "precision": len(set(answer[:k]) & set(words)) / k,
            "strict": len({w for w in answer[:k] if w in counts and ranks[w] <= k}) / k,
            "weighted": share(sum(gains[:k]), sum(largest[:k])),
        }
        for k in KS
    ]
    return {
        "counts": counts,
        "answer": answer,
        "at_k": at_k,
        "recall": share(sum(gains), sum(largest)),
        "recall_top_10": share(sum(counts[w] for w in set(answer) & top), sum(counts[w] for w in top)),
        "ndcg_at_10": ndcg(gains, largest, TOP),
        "spearman": spearman([i + 1 for i, w in enumerate(answer) if w in counts], [counts[w] for w in hits]),
    }


def words(first, after):
    return [f"w{i}" for i in range(first, after)]


def drawn(rng):
    n = int(rng.integers(1, 80))
    counts = {w: int(c) for w, c in zip(words(0, n), rng.zipf(1.6, n).clip(max=90))}
    answer = [str(w) for w in rng.permutation(words(0, n) + words(200, 200 + int(rng.integers(0, 40))))]
    return case(counts, answer[: int(rng.integers(0, 61))])


def edges():
    falling = {w: 20 - i for i, w in enumerate(words(0, 20))}
    ties = {w: 3 for w in words(0, 12)}
    steps = {w: 4 - i // 3 for i, w in enumerate(words(0, 12))}
    pairs = [
        ({}, []),
        ({}, ["w0"]),
        ({"w0": 1}, []),
        ({"w0": 1}, ["w0"]),
        ({"w0": 1}, ["w1"]),
        ({"w0": 1}, ["w1", "w0"]),
        (falling, words(0, 20)),
        (falling, words(0, 20)[::-1]),
        (falling, words(0, 5)),
        (falling, words(15, 20)),
        (falling, words(100, 160)),
        (falling, words(100, 150) + words(0, 5)),
        (ties, words(0, 12)),
        (ties, words(6, 8)),
        (steps, words(0, 12)),
        (steps, words(0, 12)[::-1]),
        (steps, ["w3", "w0", "w100"]),
        ({"w0": 10**12, "w1": 1}, ["w1", "w0"]),
        ({w: 1 for w in words(0, 300)}, words(250, 310)),
        ({w: 300 - i for i, w in enumerate(words(0, 300))}, words(0, 60)),
    ]
    return [case(counts, answer) for counts, answer in pairs]


def main():
    rng = np.random.default_rng(SEED)
    cases = {"random": [drawn(rng) for _ in range(RANDOM)], "edge": edges()}
    lines = [f'"{kind}": [\n' + ",\n".join(json.dumps(c) for c in some) + "\n]" for kind, some in cases.items()]
    Path(sys.argv[1]).write_text("{" + ",\n".join(lines) + "}\n")


main()
