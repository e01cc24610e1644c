"""The noise of a study: how a point's BLEU and speed-up would move if it were made and timed again.

Each mean of BLEU, and the logarithm of each mean speed-up, is taken as normal around what was measured, with
the standard deviation of single runs pooled over all points that have repeats (sqrt(sum (n - 1) s^2 /
sum (n - 1)): a method's own, of two or three repeats, would be a matter of chance), divided by the square
root of the point's repeats. As the pooled deviation is an estimate too, draws are those of Student's t with
sum (n - 1) degrees of freedom: one factor of a draw for all BLEU, another for all speed-ups. A speed-up is
the control's time over the model's, so an error of the control's time moves all others, and the control stays
where it is. Repeats of the control are of one size: what they differ by in speed is the measurement alone.
Whatever is derived from the points (a front, an area, a difference at equal latency) is computed for many
such draws; its 95 % interval is that of the draws.

Not in it: the baseline's own seed, from which all are pruned, and that a front is taken as straight between
the points that were made.
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
    deviation_of_bleu = pooled_deviation(points["bleu_sd"].to_numpy(dtype=float), repeats)
    relative = points["speedup_sd"].to_numpy(dtype=float) / speedup
    deviation_of_speed = pooled_deviation(relative, repeats)
    freedom = int((repeats - 1).sum())
    if not freedom:
        return Draws(np.tile(speedup, (count, 1)), np.full((count, len(points)), math.nan))
    scales = np.sqrt(freedom / generator.chisquare(freedom, (2, count, 1)))
    of_bleu, of_speed = scales * generator.standard_normal((2, count, len(points))) / np.sqrt(repeats)
    logarithms = deviation_of_speed * of_speed
    at_control = np.flatnonzero(points["family"] == "control")
    if len(at_control):
        logarithms = logarithms - logarithms[:, at_control[:1]]
    return Draws(speedup * np.exp(logarithms), bleu + deviation_of_bleu * of_bleu)


def interval(values: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of draws [count]; NaN where a draw is."""
    low, high = np.percentile(values, INTERVAL)
    return float(low), float(high)
