"""Pareto fronts: the points that no other beats in both speed-up and BLEU.

A front is used in two ways. Stepwise: at a speed-up s one has the best BLEU of the models that are at least
that fast, and nothing else was built. Interpolated: linear in the logarithm of the speed-up between
neighbours on the front, as if the models between had been built; left of its first point a front keeps that
point's BLEU (the faster model serves there too), right of its last it has none.
"""

import numpy as np
import pandas as pd

Front = tuple[np.ndarray, np.ndarray]
"""Speed-ups [K], rising, and BLEU [K], falling."""


def pareto(speedup: np.ndarray, bleu: np.ndarray) -> np.ndarray:
    """Positions of the points on the front, by rising speed-up; of equal points the first.

    `speedup` and `bleu` are [N]. Kung, Luccio and Preparata (1975): one pass from the fastest down.
    """
    order = np.lexsort((np.arange(len(speedup)), -bleu, -speedup))
    best = np.maximum.accumulate(bleu[order])
    ahead = np.concatenate(([-np.inf], best[:-1])) if len(order) else best
    return order[bleu[order] > ahead][::-1]


def front_of(speedup: np.ndarray, bleu: np.ndarray) -> Front:
    """The front of the points [N]."""
    chosen = pareto(speedup, bleu)
    return speedup[chosen], bleu[chosen]


def interpolated(front: Front, speedups: np.ndarray) -> np.ndarray:
    """BLEU of a front at `speedups`, linear in log speed-up; NaN beyond its fastest point."""
    known, bleu = front
    if not len(known):
        return np.full(len(speedups), np.nan)
    return np.interp(np.log(speedups), np.log(known), bleu, right=np.nan)


def redrawn(members: np.ndarray, speedups: np.ndarray, bleu: np.ndarray) -> list[Front]:
    """The front of the points `members` [K] in every draw: `speedups` and `bleu` are [count, N].

    `members` are in the order of the measured front, and its points stay those in every draw, as a best of
    noisy draws would favour the method with more points. Where in a draw's speed-ups a point comes to lie
    behind one that was slower, the latter serves in its place, if it is better.
    """
    own, lifted = speedups[:, members], bleu[:, members].copy()
    for faster in range(len(members)):
        for slower in range(faster):
            overtaken = own[:, slower] >= own[:, faster]
            better = np.maximum(lifted[:, faster], bleu[:, members[slower]])
            lifted[:, faster] = np.where(overtaken, better, lifted[:, faster])
    order = np.argsort(own, axis=1, kind="stable")
    pairs = np.take_along_axis(own, order, 1), np.take_along_axis(lifted, order, 1)
    return list(zip(*pairs, strict=True))


def last_slope(front: Front) -> float:
    """BLEU for a unit of log speed-up between the last two points of a front: at most 0, 0 for one point."""
    speedup, bleu = front
    return float((bleu[-1] - bleu[-2]) / np.log(speedup[-1] / speedup[-2])) if len(speedup) > 1 else 0.0


def prolonged(front: Front, end: float, slope: float) -> Front:
    """A front that reaches `end`: where it does not, it goes on with `slope`, in BLEU per log speed-up.

    For draws in which noise makes a front end sooner than the measured one, whose last slope it is.
    """
    speedup, bleu = front
    if not len(speedup) or speedup[-1] >= end:
        return front
    return np.append(speedup, end), np.append(bleu, bleu[-1] + slope * np.log(end / speedup[-1]))


def redrawn_until(
    end: float, measured: Front, members: np.ndarray, speedups: np.ndarray, bleu: np.ndarray
) -> list[Front]:
    """As `redrawn`, each front prolonged to `end` with the last slope of the `measured` one."""
    slope = last_slope(measured)
    return [prolonged(front, end, slope) for front in redrawn(members, speedups, bleu)]


def on_front(points: pd.DataFrame, *families: str) -> np.ndarray:
    """Positions in `points`, of one dtype and beam, of the front of these families together, by speed-up."""
    members = np.flatnonzero(points["family"].isin(families))
    chosen = points.iloc[members]
    return members[pareto(chosen["speedup"].to_numpy(), chosen["bleu"].to_numpy())]


def mark_fronts(points: pd.DataFrame) -> pd.DataFrame:
    """`points` of one dtype and beam with the columns on_own_front and on_front.

    The first says whether a point is on the front of its family, the second whether on that of all.
    """
    families = list(dict.fromkeys(points["family"]))
    own, every = np.zeros((2, len(points)), dtype=bool)
    for name in families:
        own[on_front(points, name)] = True
    every[on_front(points, *families)] = True
    return points.assign(on_own_front=own, on_front=every)
