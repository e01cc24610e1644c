"""The noise of a study: how a point's BLEU and speed-up would move if it were made and timed again.

Each mean of BLEU, and the logarithm of each mean speed-up, is taken as normal around what was measured, with
the standard deviation of single runs pooled over all points that have repeats (sqrt(sum (n - 1) s^2 /
sum (n - 1)): a method's own, of two or three repeats, would be a matter of chance), divided by the square
root of the point's repeats. As the pooled deviation is an estimate too, draws are those of Student's t with
sum (n - 1) degrees of freedom, one factor for all points of a draw. Repeats of the control are of one size,
so what they differ by in speed is the measurement alone. Whatever is derived from the points (a front, an
area, a difference at equal latency) is computed for many such draws; its 95 % interval is that of the draws.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

DRAWS = 1000
SEED = 1
INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Draws:
    """Each point as it might have come out: `speedup` and `bleu`, both [count, N]."""

    speedup: np.ndarray
    bleu: np.ndarray


def pooled_deviation(deviations: np.ndarray, repeats: np.ndarray) -> float:
    """Standard deviation of a single run from those [N] over `repeats` [N]; NaN where none has repeats."""
    repeated = repeats > 1
    freedom = repeats[repeated] - 1
    if not repeated.any():
        return math.nan
    return math.sqrt((freedom * deviations[repeated] ** 2).sum() / freedom.sum())


def draws(points: pd.DataFrame, count: int = DRAWS, seed: int = SEED) -> Draws:
    """Draws of `points` of one dtype and beam; without repeats BLEU is NaN, speed-ups are as measured."""
    generator = np.random.default_rng(seed)
    repeats = points["repeats"].to_numpy()
    speedup, bleu = (points[name].to_numpy(dtype=float) for name in ("speedup", "bleu"))
    of_bleu = pooled_deviation(points["bleu_sd"].to_numpy(dtype=float), repeats)
    of_speed = pooled_deviation(points["speedup_sd"].to_numpy(dtype=float) / speedup, repeats)
    freedom = int((repeats - 1).sum())
    scale = np.sqrt(freedom / generator.chisquare(freedom, (count, 1))) if freedom else math.nan
    drawn = scale * generator.standard_normal((2, count, len(points))) / np.sqrt(repeats)
    logarithms = of_speed * drawn[0] if freedom else np.zeros((count, len(points)))
    return Draws(speedup * np.exp(logarithms), bleu + of_bleu * drawn[1])


def interval(values: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of draws [count]; NaN where a draw is."""
    low, high = np.percentile(values, INTERVAL)
    return float(low), float(high)
