"""What scipy and numpy make of the figures of internal/stat: its testdata/*.json.

usage: python figures.py FOLDER

Writes one file a figure into FOLDER, each with at least 50 random and 20 edge
inputs and what is expected of them; null stands for what is undefined. The
inputs are drawn from a fixed seed: writing anew changes nothing as long as the
versions of numpy and scipy agree on the last digits. Needs scipy 1.15 or newer.

The bootstrap's draws are alignctl's own (a PCG whose indices are the high half
of a product), so they are made here a second time, from its definition, and
resampled figures are computed in fractions; intervals are scipy's.
"""

import collections
import json
import sys
import types
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy import stats
from scipy.spatial.distance import cosine, jensenshannon

SEED = 9
RANDOM = 50


def rounded(values):
    """Plain floats of few digits: what JSON holds, and what has ties."""
    return [round(float(v), 6) for v in values]


def number(value):
    """A float, or None where it isn't one."""
    return None if value is None or np.isnan(value) else float(value)


# --- Spearman ---------------------------------------------------------------


def spearman(x, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant input
        rho = stats.spearmanr(x, y).statistic if len(x) > 1 else None
    return {"x": x, "y": y, "rho": number(rho)}


def spearman_cases(rng):
    def draw(i):
        n = int(rng.integers(2, 60))
        x = rng.normal(size=n)
        y = x * rng.uniform(-1, 1) + rng.normal(size=n)
        if i % 2:
            x, y = np.round(2 * x), np.round(2 * y)
        return spearman(rounded(x), rounded(y))

    up, ties = [1.0, 2.0, 3.0, 4.0, 5.0], [5.0, 6.0, 7.0, 8.0, 7.0]
    edge = [
        ([], []), ([1.0], [1.0]), ([1.0, 2.0], [3.0, 4.0]), ([1.0, 2.0], [4.0, 3.0]), ([1.0, 1.0], [1.0, 2.0]),
        ([3.0, 3.0, 3.0], [1.0, 2.0, 3.0]), ([1.0, 2.0, 3.0], [3.0, 3.0, 3.0]), ([2.0] * 4, [2.0] * 4),
        (up, up), (up, up[::-1]), (up, ties), (ties, ties), (ties, ties[::-1]), (up, [0.0, 0.0, 0.0, 0.0, 1.0]),
        ([0.0, 1.0] * 10, [1.0, 0.0] * 10), ([0.0, 1.0] * 10, [0.0] * 10 + [1.0] * 10),
        ([1e-300, 2e-300, 3e-300], [1e300, 3e300, 2e300]), ([-0.0, 0.0, 1.0], [0.0, 1.0, 2.0]),
        ([float(i) for i in range(500)], [float(i * i % 499) for i in range(500)]),
        ([float(i // 100) for i in range(500)], [float(i % 7) for i in range(500)]),
        ([-1.0, -2.0, -3.0, 10.0], [1.0, 1.0, 1.0, 2.0]),
    ]
    return [draw(i) for i in range(RANDOM)], [spearman(x, y) for x, y in edge]


# --- nDCG -------------------------------------------------------------------


def ndcg(gains, everything, k):
    def dcg(ranked):
        first = np.array(ranked[:k], dtype=float)
        return float(np.sum(first / np.log2(np.arange(len(first)) + 2)))

    most = dcg(sorted(everything, reverse=True))
    return {"gains": gains, "all": everything, "k": k, "ndcg": dcg(gains) / most if most else None}


def ndcg_cases(rng):
    def draw(_):
        everything = [float(v) for v in rng.integers(0, 40, size=rng.integers(1, 60))]
        ranked = [float(v) for v in rng.permutation(everything + [0.0] * int(rng.integers(0, 20)))]
        return ndcg(ranked[: int(rng.integers(0, len(ranked) + 1))], everything, int(rng.integers(1, 60)))

    edge = [
        ([], [], 5), ([], [1.0], 5), ([1.0], [1.0], 1), ([0.0], [1.0], 1), ([0.0, 0.0], [0.0, 0.0], 2),
        ([3.0, 2.0, 1.0], [1.0, 2.0, 3.0], 3), ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 3), ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 1),
        ([3.0], [1.0, 2.0, 3.0], 3), ([3.0], [1.0, 2.0, 3.0], 1), ([0.0, 3.0], [3.0], 2), ([0.0, 3.0], [3.0], 1),
        ([2.0, 2.0, 2.0], [2.0] * 3, 3), ([2.0, 2.0], [2.0] * 5, 5), ([0.0] * 50, [1.0] * 50, 50),
        ([1.0] + [0.0] * 99, [1.0], 100), ([0.0] * 99 + [1.0], [1.0], 100), ([1e-9, 1e9], [1e9, 1e-9], 2),
        ([0.5, 0.25], [0.25, 0.5, 0.125], 10), ([7.0, 5.0], [9.0, 7.0, 5.0], 2), ([1.0], [1.0, 0.0, 0.0], 1000),
    ]
    return [draw(i) for i in range(RANDOM)], [ndcg(*e) for e in edge]


# --- Wilcoxon ---------------------------------------------------------------


def sign_sums(doubled):
    """How many of the 2^n assignments of signs give each sum of positive doubled ranks."""
    ways = collections.Counter({0: 1})
    for rank in doubled:
        more = collections.Counter(ways)
        for total, n in ways.items():
            more[total + rank] += n
        ways = more
    return ways


def wilcoxon_p(d, plus, minus, exact):
    """scipy's p value of differences without zeros. Its exact method knows no
    ties: up to 12 pairs its permutations do, and above these the count itself,
    which is checked against both where they apply."""
    if not exact:
        return float(stats.wilcoxon(d, method="asymptotic", correction=True).pvalue)
    ranks = stats.rankdata(np.abs(d))
    ways = sign_sums([round(2 * r) for r in ranks])
    below = sum(n for total, n in ways.items() if total <= round(2 * min(plus, minus)))
    p = float(min(Fraction(1), Fraction(2 * below, 2 ** len(d))))
    if len(set(np.abs(d))) == len(d):
        np.testing.assert_allclose(p, stats.wilcoxon(d, method="exact").pvalue, rtol=1e-12)
    elif len(d) <= 12:
        method = stats.PermutationMethod(n_resamples=np.inf)
        np.testing.assert_allclose(p, stats.wilcoxon(d, method=method).pvalue, rtol=1e-12)
    return p


def wilcoxon(x, y):
    d = np.array([float(Fraction(repr(a)) - Fraction(repr(b))) for a, b in zip(x, y)])
    d = d[d != 0]
    case = {"x": x, "y": y, "n": len(d), "plus": 0.0, "minus": 0.0, "exact": False, "p": None, "effect": None}
    if len(d) == 0:
        return case
    ranks = stats.rankdata(np.abs(d))
    plus, minus = float(ranks[d > 0].sum()), float(ranks[d < 0].sum())
    exact = len(d) <= 50
    return case | {"plus": plus, "minus": minus, "exact": exact, "p": wilcoxon_p(d, plus, minus, exact),
                   "effect": (plus - minus) / (plus + minus)}


def wilcoxon_cases(rng):
    def draw(i):
        n = int(rng.integers(3, 130)) if i % 2 else int(rng.integers(3, 20))
        x, y = rng.normal(rng.uniform(0, 0.6), 1, size=n), rng.normal(size=n)
        if i % 3 == 1:  # shares of five, with many ties and zeros
            x, y = np.round(np.abs(x) * 2) / 5, np.round(np.abs(y) * 2) / 5
        return wilcoxon(rounded(x), rounded(y))

    many = [float(i) for i in range(1, 51)]
    fifths = [i % 6 / 5 for i in range(40)]
    edge = [
        ([], []), ([1.0], [1.0]), ([2.0], [1.0]), ([1.0], [2.0]), ([1.0, 2.0], [2.0, 1.0]), ([0.0] * 5, [0.0] * 5),
        ([1.0] * 5, [0.0] * 5), ([0.0] * 5, [1.0] * 5), ([1.0] * 5 + [0.0] * 5, [0.0] * 10),
        ([0.6, 0.4, 0.8], [0.4, 0.2, 1.0]), ([0.3, 0.2, 0.1, 0.0], [0.1, 0.0, 0.3, 0.2]),
        (many, [0.0] * 50), (many + [51.0], [0.0] * 51), ([-v for v in many], [0.0] * 50),
        ([v * (-1) ** int(v) for v in many], [0.0] * 50), ([v * (-1) ** int(v) for v in many] + [51.0], [0.0] * 51),
        ([1.0] * 60, [0.0] * 60), ([1.0] * 30 + [-1.0] * 30, [0.0] * 60), (fifths, fifths[::-1]),
        (fifths * 3, fifths[7:] * 3 + fifths[:7] * 3), ([1e-12, 2e-12, -3e-12], [0.0] * 3),
        ([1e12, 2e12, 3e12, -4e12], [0.0] * 4), ([5.0] * 49 + [4.0], [4.0] * 49 + [5.0]),
    ]
    return [draw(i) for i in range(RANDOM)], [wilcoxon(x, y) for x, y in edge]


# --- McNemar, Holm, minimum detectable effect -------------------------------


def mcnemar(gained, lost):
    p = float(stats.binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0
    return {"gained": gained, "lost": lost, "p": p}


def mcnemar_cases(rng):
    edge = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (0, 5), (0, 6), (5, 5), (5, 6), (6, 5), (10, 1), (1, 10), (25, 25), (24, 26),
            (0, 50), (50, 0), (500, 500), (450, 550), (6000, 6000), (5900, 6100), (0, 1000), (3, 1200)]
    drawn = [mcnemar(int(rng.integers(0, 60)), int(rng.integers(0, 60))) for _ in range(RANDOM)]
    return drawn, [mcnemar(*e) for e in edge]


def holm(p):
    """By its definition: a corrected value is the largest of what each test up
    to it would need."""
    made = [v for v in p if v is not None]

    def corrected(v):
        before = sorted(w for w in made if w <= v)
        ranks = [sum(u < w for u in made) for w in before]
        return min(1.0, max((len(made) - r) * w for r, w in zip(ranks, before)))

    return {"p": p, "holm": [None if v is None else corrected(v) for v in p]}


def holm_cases(rng):
    def draw(i):
        p = rounded(rng.uniform(0, 1, size=rng.integers(1, 30)) ** rng.integers(1, 6))
        return holm([None if i % 4 == 0 and rng.uniform() < 0.2 else v for v in p])

    edge = [
        [], [None], [None, None], [0.0], [1.0], [0.03], [0.03, None], [None, 0.03, 0.04], [0.0, 0.0], [1.0, 1.0], [0.5, 0.5],
        [0.01, 0.04, 0.03, 0.005], [0.005, 0.01, 0.03, 0.04], [0.04, 0.03, 0.01, 0.005], [0.02, 0.02, 0.02], [0.4, 0.5, 0.6],
        [1e-300, 1e-200], [0.05] * 20, [0.001] + [0.9] * 10, [0.01, 0.011, 0.012, 0.5], [0.3, 0.2, 0.1, None, 0.0],
    ]
    return [draw(i) for i in range(RANDOM)], [holm(p) for p in edge]


def detectable(std_err, n, alpha, power):
    """Bloom's multiple of the standard error. From ten pairs on the power that
    it has by the noncentral t must be that asked for."""
    t = stats.t(n - 1)
    multiple = t.ppf(1 - alpha / 2) + t.ppf(power)
    if n >= 10 and multiple > 0:
        critical = t.ppf(1 - alpha / 2)
        reached = stats.nct.sf(critical, n - 1, multiple) + stats.nct.cdf(-critical, n - 1, multiple)
        np.testing.assert_allclose(reached, power, atol=0.03)
    return {"stderr": std_err, "n": n, "alpha": alpha, "power": power, "detectable": float(std_err * multiple)}


def detectable_cases(rng):
    def draw(_):
        return detectable(*rounded([rng.uniform(0, 2)]), int(rng.integers(3, 3000)), *rounded([rng.uniform(0.001, 0.2)]),
                          *rounded([rng.uniform(0.5, 0.99)]))

    edge = [(0.1, n, 0.05, 0.8) for n in (2, 3, 4, 5, 10, 30, 100, 1228, 12000, 10**6)]
    edge += [(0.0, 10, 0.05, 0.8), (1e-9, 10, 0.05, 0.8), (1e9, 10, 0.05, 0.8), (1.0, 10, 0.05, 0.5), (1.0, 10, 0.01, 0.8),
             (1.0, 50, 0.001, 0.95), (1.0, 50, 0.2, 0.6), (1.0, 221, 0.05, 0.9), (1.0, 50, 0.1, 0.99), (2.5, 20, 0.05, 0.8)]
    return [draw(i) for i in range(RANDOM)], [detectable(*e) for e in edge]


# --- Distances of distributions ---------------------------------------------

EPSILONS = [1e-12, 1e-9, 1e-3]


def distances(p, q):
    case = {"p": p, "q": q}
    p, q = np.array(p) / np.sum(p), np.array(q) / np.sum(q)
    places = np.arange(len(p))
    emd = float(stats.wasserstein_distance(places, places, p, q))
    case |= {"emd": emd, "emd_norm": emd / (len(p) - 1) if len(p) > 1 else None,
             "cosine": float(1 - cosine(p, q)), "total_variation": float(np.abs(p - q).sum() / 2)}
    for unit, base in (("bits", 2), ("nats", None)):
        divergence = np.maximum(0, (stats.entropy(p, (p + q) / 2, base=base) + stats.entropy(q, (p + q) / 2, base=base)) / 2)
        if divergence > 1e-12:
            np.testing.assert_allclose(divergence, jensenshannon(p, q, base=base) ** 2, rtol=1e-9)
        case |= {"js_divergence_" + unit: float(divergence), "js_distance_" + unit: float(np.sqrt(divergence)),
                 "kl_" + unit: [float(stats.entropy(p + e, q + e, base=base)) for e in EPSILONS]}
    return case


def distance_cases(rng):
    def draw(i):
        n = int(rng.integers(2, 12))
        p, q = rng.dirichlet(np.full(n, 0.7), size=2)
        if i % 3 == 0:
            p, q = rng.integers(0, 9, size=n) + (rng.permutation(n) == 0), rng.integers(0, 9, size=n) + (rng.permutation(n) == 0)
        return distances(rounded(p), rounded(q))

    edge = [
        ([1.0], [1.0]), ([1.0, 0.0], [0.0, 1.0]), ([0.0, 1.0], [1.0, 0.0]), ([1.0, 0.0], [1.0, 0.0]), ([0.5, 0.5], [0.5, 0.5]),
        ([0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]), ([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]),
        ([0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0.5], [0, 0, 0, 0, 1.0, 0, 0, 0, 0, 0]), ([0.49999999999999994, 0.5000000000000001], [0.5, 0.5]),
        ([1.0] * 10, [0.0] * 9 + [1.0]), ([1.0] + [0.0] * 9, [0.0] * 9 + [1.0]), ([0.48, 0.5], [0.5, 0.5]), ([3.0, 5.0, 2.0], [30.0, 50.0, 20.0]),
        ([1e-300, 1.0], [1.0, 1e-300]), ([1e-12, 1.0], [2e-12, 1.0]), ([1e9, 1.0], [1.0, 1e9]), ([0.0, 1.0, 0.0], [0.5, 0.0, 0.5]),
        ([0.0, 1.0, 0.0], [0.0, 1.0, 0.0]), ([1 / 3] * 3, [1 / 3] * 3), ([0.2] * 5, [0.0, 0.0, 1.0, 0.0, 0.0]), ([1.0] * 100, [2.0] * 50 + [1.0] * 50),
    ]
    return [draw(i) for i in range(RANDOM)], [distances(list(map(float, p)), list(map(float, q))) for p, q in edge]


# --- Bootstrap --------------------------------------------------------------

WORD, WIDE = 2**64, 2**128


def pcg(high, low):
    """PCG-DXSM of 128 bits: 64 bits at a time."""
    state = high * WORD + low
    while True:
        state = (state * (2549297995355413924 * WORD + 4865540595714422341)
                 + 6364136223846793005 * WORD + 1442695040888963407) % WIDE
        high, low = divmod(state, WORD)
        high ^= high >> 32
        high = high * 0xDA942042E4DD58B5 % WORD
        high ^= high >> 48
        yield high * (low | 1) % WORD


def drawn(seed, resample, n):
    bits = pcg(seed, resample)
    return [next(bits) * n // WORD for _ in range(n)]


def group(values, clusters):
    """The values of each cluster, in order of appearance."""
    names = range(len(values)) if clusters is None else clusters
    groups = {}
    for name, v in zip(names, values):
        groups.setdefault(name, []).append(Fraction(repr(v)))
    return list(groups.values())


def pooled(groups, indices):
    return [v for i in indices for v in groups[int(i)]]


def exact_mean(values):
    return float(sum(values) / len(values))


def exact_median(values):
    ordered = sorted(values)
    n = len(ordered)
    return float((ordered[(n - 1) // 2] + ordered[n // 2]) / 2)


def interval(groups, figure, resampled, level, method):
    """scipy's, of the resamples given. Rounding may hide from scipy that leaving
    out a cluster never moves the figure, so that BCa isn't defined."""
    everything = range(len(groups))
    if method == "BCa" and len({figure(pooled(groups, set(everything) - {i})) for i in everything}) == 1:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # degenerate data
        got = stats.bootstrap((np.arange(len(groups)),), lambda i: figure(pooled(groups, i)), vectorized=False, n_resamples=0,
                              bootstrap_result=types.SimpleNamespace(bootstrap_distribution=np.array(resampled)),
                              confidence_level=level, method=method).confidence_interval
    ends = [number(got.low), number(got.high)]
    return None if None in ends else ends


def mean_stderr(groups):
    if all(len(g) == 1 for g in groups):
        return float(stats.sem([float(g[0]) for g in groups]))
    sizes = np.array([len(g) for g in groups])
    sums = np.array([float(sum(g)) for g in groups])
    rest = sums - sums.sum() / sizes.sum() * sizes
    return float(np.sqrt(len(groups) * np.var(rest, ddof=1)) / sizes.sum())


def bootstrap(values, clusters=None, resamples=200, level=0.95, seed=1):
    case = {"values": values, "clusters": clusters, "resamples": resamples, "level": level, "seed": seed, "p": None}
    groups = group(values, clusters)
    draws = [drawn(seed, r, len(groups)) for r in range(resamples)]
    for name, figure in (("mean", exact_mean), ("median", exact_median)):
        value = figure(pooled(groups, range(len(groups))))
        resampled = [figure(pooled(groups, indices)) for indices in draws]
        result = {"value": value, "n": len(groups), "stderr": None, "percentile": None, "bca": None}
        if min(resampled) < max(resampled):
            result["stderr"] = mean_stderr(groups) if name == "mean" else float(np.std(resampled, ddof=1))
            result["percentile"] = interval(groups, figure, resampled, level, "percentile")
            result["bca"] = interval(groups, figure, resampled, level, "BCa")
            if name == "mean":
                case["p"] = (1 + sum(abs(m - value) >= abs(value) for m in resampled)) / (resamples + 1)
        case[name] = result
    return case


def bootstrap_cases(rng):
    def draw(i):
        n = int(rng.integers(2, 40))
        values = rounded(rng.gamma(1, 1, size=n) - rng.uniform(0, 1.5)) if i % 2 else [int(v) / 5 for v in rng.integers(0, 6, size=n)]
        clusters = [f"c{v}" for v in rng.integers(0, max(2, n // 3), size=n)] if i % 3 == 0 else None
        return bootstrap(values, clusters, seed=int(rng.integers(0, 2**63)), level=[0.95, 0.9, 0.99][i % 3])

    fifths = [0.0, 0.2, 0.2, 0.4, 0.6, 1.0]
    edge = [
        bootstrap([0.2]), bootstrap([0.0]), bootstrap([0.2, 0.2]), bootstrap([0.0, 1.0]), bootstrap([0.1] * 30), bootstrap([0.0] * 10),
        bootstrap([1.0] * 10), bootstrap([0.0] * 29 + [1.0]), bootstrap([1.0] * 29 + [0.0]), bootstrap([0.0, 0.0, 0.0, 0.0, 100.0]),
        bootstrap(fifths), bootstrap(fifths, level=0.5), bootstrap(fifths, level=0.99), bootstrap(fifths, resamples=1),
        bootstrap(fifths, resamples=2), bootstrap(fifths, seed=2**64 - 1), bootstrap(fifths, seed=0), bootstrap([-v for v in fifths]),
        bootstrap([v * 1e-9 for v in fifths]), bootstrap([v * 1e9 for v in fifths]), bootstrap(fifths, ["a"] * 6),
        bootstrap(fifths, list("aaabbb")), bootstrap(fifths, list("ababab")), bootstrap(fifths, list("abbbbb")),
        bootstrap([0.5, 0.5, 0.5, 0.5], list("aabb")), bootstrap([0.0, 1.0, 1.0, 0.0], list("aabb")),
        bootstrap([v / 97 for v in range(97)], resamples=100), bootstrap([-0.4, -0.2, 0.2, 0.4]), bootstrap([-0.2, 0.2] * 10),
    ]
    return [draw(i) for i in range(RANDOM)], edge


FIGURES = {"spearman": spearman_cases, "ndcg": ndcg_cases, "wilcoxon": wilcoxon_cases, "mcnemar": mcnemar_cases, "holm": holm_cases,
           "detectable": detectable_cases, "distances": distance_cases, "bootstrap": bootstrap_cases}


def main():
    folder = Path(sys.argv[1])
    for name, cases in FIGURES.items():
        drawn_cases, edge = cases(np.random.default_rng(SEED))
        assert len(drawn_cases) >= 50 and len(edge) >= 20, name
        lines = {kind: ",\n".join(json.dumps(c) for c in some) for kind, some in (("random", drawn_cases), ("edge", edge))}
        (folder / f"{name}.json").write_text('{"random": [\n%(random)s\n],\n"edge": [\n%(edge)s\n]}\n' % lines)


main()
