"""The noise of seeds: how much the BLEU of an operating point would move if it were made again.

Each mean is taken as normal around what was measured, with the pooled standard deviation of its family
(sqrt(sum (n - 1) s^2 / sum (n - 1)) over the points that have repeats; of all families together where its
own has none), divided by the square root of its repeats. Whatever is derived from the points (a front, an
area, a difference at equal latency) is computed for many such draws; its 95 % interval is that of the draws.
"""

import math

import numpy as np
import pandas as pd

DRAWS = 1000
SEED = 1
INTERVAL = (2.5, 97.5)


def pooled_deviation(points: pd.DataFrame) -> float:
    """Standard deviation of BLEU over seeds, pooled over `points`; NaN where none has repeats."""
    repeated = points[points["repeats"] > 1]
    freedom = repeated["repeats"] - 1
    return (
        math.sqrt((freedom * repeated["bleu_sd"] ** 2).sum() / freedom.sum()) if len(repeated) else math.nan
    )


def standard_errors(points: pd.DataFrame) -> np.ndarray:
    """Standard error of each point's mean BLEU: [N]; all NaN where no point has repeats."""
    overall = pooled_deviation(points)
    own = {name: pooled_deviation(rows) for name, rows in points.groupby("family")}
    deviations = points["family"].map(own).fillna(overall)
    return (deviations / np.sqrt(points["repeats"])).to_numpy()


def draws(points: pd.DataFrame, count: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """BLEU of each point as it might have come out: [count, N]."""
    generator = np.random.default_rng(seed)
    drawn = generator.standard_normal((count, len(points)))
    return points["bleu"].to_numpy() + standard_errors(points) * drawn


def interval(values: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of draws [count]; NaN where a draw is."""
    low, high = np.percentile(values, INTERVAL)
    return float(low), float(high)
