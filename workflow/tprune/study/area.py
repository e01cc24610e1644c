"""The area between fronts, as one number per method.

`lost_bleu` is the mean loss of BLEU against the control over the range of speed-ups `RANGE`, every doubling
of speed counting alike (the mean is over the logarithm of the speed-up). The front is taken stepwise: what
lies between two points costs what the faster of them costs. Where a method has no model that fast, it is
charged the lowest BLEU that a method's front has at the end of the range or, where it ends before, at its
own: the worst that anyone paid. Methods of fewer than `LEAST_POINTS` points are left out of that and have no
such number: it would tell how many models were made, not how good they are.

`ahead` is the mean of SHS's BLEU less the rival's, both fronts interpolated (`tprune.study.front`) with the
control on both, over the part of the range that both reach.
"""

import math
from typing import Any

import numpy as np
import pandas as pd

from tprune.study import noise
from tprune.study.families import OURS
from tprune.study.front import Front, interpolated, on_front, redrawn, redrawn_until
from tprune.study.points import compared, control_bleu, rivals, settings

RANGE = (1.1, 3.0)
LEAST_POINTS = 3
COLUMNS = (
    *("dtype", "beam", "method", "points", "on_front", "fastest", "reached", "charged_bleu"),
    *("lost_bleu", "lost_bleu_low", "lost_bleu_high"),
    *("ahead", "ahead_low", "ahead_high", "ahead_until"),
)


def build(points: pd.DataFrame, least: int = LEAST_POINTS) -> pd.DataFrame:
    """One row per dtype, beam and family, with `COLUMNS`, from the operating points.

    `fastest` is the family's largest speed-up, `reached` the share of `RANGE` (in logarithms) up to it,
    `charged_bleu` what counts beyond it, `ahead_until` where the range of `ahead` ends. `lost_bleu` is NaN
    where a family has fewer than `least` points, `ahead` for SHS itself and where nothing is in common.
    Intervals are those of `tprune.study.noise`, of seeds and of timing.
    """
    rows = [
        row
        for dtype, beam in settings(points)
        for row in _rows(compared(points, dtype, beam), {"dtype": dtype, "beam": beam}, least)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def stepwise_mean(front: Front, beyond: float, limits: tuple[float, float] = RANGE) -> float:
    """Mean over log speed-up in `limits` of the BLEU of a front's next point at that speed-up or faster.

    `beyond` counts past the fastest.
    """
    speedup, bleu = front
    edges = np.log(np.clip(np.concatenate(([limits[0]], speedup, [limits[1]])), *limits))
    widths = np.diff(edges)
    return float((bleu @ widths[:-1] + beyond * widths[-1]) / widths.sum())


def bleu_at_the_end(front: Front, end: float = RANGE[1]) -> float:
    """BLEU of the first point of a front at speed-up `end` or faster, else of its last."""
    speedup, bleu = front
    return float(bleu[min(int(np.searchsorted(speedup, end)), len(bleu) - 1)])


def common_end(ours: Front, theirs: Front, limits: tuple[float, float] = RANGE) -> float:
    """The speed-up up to which both fronts reach within `limits`."""
    return min(limits[1], *(front[0].max(initial=0.0) for front in (ours, theirs)))


def mean_difference(ours: Front, theirs: Front, limits: tuple[float, float] = RANGE) -> float:
    """Mean over log speed-up of `ours` less `theirs`, interpolated, up to where both reach; else NaN."""
    until = common_end(ours, theirs, limits)
    if until <= limits[0]:
        return math.nan
    inner = [value for front in (ours, theirs) for value in front[0] if limits[0] < value < until]
    at = np.unique([limits[0], *inner, until])
    difference = interpolated(ours, at) - interpolated(theirs, at)
    return float(np.trapezoid(difference, np.log(at)) / math.log(until / limits[0]))


def _rows(points: pd.DataFrame, setting: dict[str, Any], least: int) -> list[dict[str, Any]]:
    speedup, bleu = points["speedup"].to_numpy(), points["bleu"].to_numpy()
    control = control_bleu(points)
    at_control = int(np.flatnonzero(points["family"] == "control")[0])
    drawn = noise.draws(points)
    counts = points["family"].value_counts()
    fronts = {name: on_front(points, name) for name in rivals(points)}
    enough = [name for name in fronts if counts[name] >= least]
    paid = [bleu_at_the_end((speedup[fronts[name]], bleu[fronts[name]])) for name in enough]
    charged = min(paid, default=math.nan)
    rows = []
    for name, front in fronts.items():
        beyond = charged if name in enough else math.nan
        mean = control - stepwise_mean((speedup[front], bleu[front]), beyond)
        again = redrawn(front, drawn.speedup, drawn.bleu)
        lost = drawn.bleu[:, at_control] - [stepwise_mean(each, beyond) for each in again]
        fastest = speedup[front].max()
        rows.append(
            {
                **setting,
                "method": name,
                "points": counts[name],
                "on_front": len(front),
                "fastest": fastest,
                "reached": _share(fastest),
                "charged_bleu": charged,
                "lost_bleu": mean,
                **_bounds("lost_bleu", lost),
                **_ahead(points, name, drawn),
            }
        )
    return rows


def _ahead(points: pd.DataFrame, name: str, drawn: noise.Draws) -> dict[str, float]:
    speedup, bleu = points["speedup"].to_numpy(), points["bleu"].to_numpy()
    if name == OURS or OURS not in set(points["family"]):
        return {}
    both = [on_front(points, family, "control") for family in (OURS, name)]
    ours, theirs = ((speedup[members], bleu[members]) for members in both)
    mean, until = mean_difference(ours, theirs), common_end(ours, theirs)
    if math.isnan(mean):
        return {}
    drawn_fronts = (
        redrawn_until(until, measured, at, drawn.speedup, drawn.bleu)
        for at, measured in zip(both, (ours, theirs), strict=True)
    )
    limits = RANGE[0], until
    spread = [mean_difference(mine, other, limits) for mine, other in zip(*drawn_fronts, strict=True)]
    return {"ahead": mean, **_bounds("ahead", np.array(spread)), "ahead_until": until}


def _share(fastest: float) -> float:
    low, high = RANGE
    return math.log(min(max(fastest, low), high) / low) / math.log(high / low)


def _bounds(name: str, values: np.ndarray) -> dict[str, float]:
    low, high = noise.interval(values)
    return {f"{name}_low": low, f"{name}_high": high}
