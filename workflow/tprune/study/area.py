"""The area between fronts, as one number per method.

`lost_bleu` is the mean loss of BLEU against the control over the range of speed-ups `RANGE`, every doubling
of speed counting alike (the mean is over the logarithm of the speed-up). The front is taken stepwise: what
lies between two points costs what the faster of them costs. Where a method has no model that fast, it is
charged the lowest BLEU that is on any method's front in the same dtype and beam: the worst that anyone paid.

`ahead` is the mean of SHS's BLEU less the rival's, both fronts interpolated (`tprune.study.front`) with the
control on both, over the part of the range that both reach.
"""

import math
from typing import Any

import numpy as np
import pandas as pd

from tprune.study import noise
from tprune.study.families import OURS
from tprune.study.front import Front, front_of, interpolated, with_control
from tprune.study.points import compared, control_bleu, rivals, settings

RANGE = (1.1, 3.0)
COLUMNS = (
    *("dtype", "beam", "method", "points", "on_front", "fastest", "reached", "charged_bleu"),
    *("lost_bleu", "lost_bleu_low", "lost_bleu_high"),
    *("ahead", "ahead_low", "ahead_high", "ahead_until"),
)


def build(points: pd.DataFrame) -> pd.DataFrame:
    """One row per dtype, beam and family, with `COLUMNS`, from the operating points.

    `fastest` is the family's largest speed-up, `reached` the share of `RANGE` (in logarithms) up to it,
    `charged_bleu` what counts beyond it, `ahead_until` where the range of `ahead` ends. Intervals are those
    of `tprune.study.noise`: of seeds alone. `ahead` is NaN for SHS itself and where nothing is in common.
    """
    rows = [
        row
        for dtype, beam in settings(points)
        for row in _rows(compared(points, dtype, beam), {"dtype": dtype, "beam": beam})
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def stepwise_mean(
    speedup: np.ndarray, bleu: np.ndarray, beyond: float, limits: tuple[float, float] = RANGE
) -> np.ndarray:
    """Mean over log speed-up in `limits` of the best BLEU at that speed-up or faster.

    `speedup` is [N], `bleu` [..., N]; the result has the leading shape. `beyond` counts past the fastest.
    """
    order = np.argsort(speedup)
    best = np.flip(np.maximum.accumulate(np.flip(bleu[..., order], -1), -1), -1)
    edges = np.log(np.clip(np.concatenate(([limits[0]], speedup[order], [limits[1]])), *limits))
    widths = np.diff(edges)
    return (best @ widths[:-1] + beyond * widths[-1]) / widths.sum()


def mean_difference(ours: Front, theirs: Front, limits: tuple[float, float] = RANGE) -> float:
    """Mean over log speed-up of `ours` less `theirs`, interpolated, up to where both reach; else NaN."""
    until = min(limits[1], *(front[0].max(initial=0.0) for front in (ours, theirs)))
    if until <= limits[0]:
        return math.nan
    inner = [value for front in (ours, theirs) for value in front[0] if limits[0] < value < until]
    at = np.unique([limits[0], *inner, until])
    difference = interpolated(ours, at) - interpolated(theirs, at)
    return float(np.trapezoid(difference, np.log(at)) / math.log(until / limits[0]))


def _rows(points: pd.DataFrame, setting: dict[str, Any]) -> list[dict[str, Any]]:
    speedup, bleu = points["speedup"].to_numpy(), points["bleu"].to_numpy()
    control = control_bleu(points)
    at_control = int(np.flatnonzero(points["family"] == "control")[0])
    drawn = noise.draws(points)
    members = {name: np.flatnonzero(points["family"] == name) for name in rivals(points)}
    sizes = {name: front_of(speedup[own], bleu[own])[1] for name, own in members.items()}
    charged = min((front[-1] for front in sizes.values()), default=math.nan)
    rows = []
    for name, own in members.items():
        mean = control - stepwise_mean(speedup[own], bleu[own], charged)
        lost = drawn[:, at_control] - stepwise_mean(speedup[own], drawn[:, own], charged)
        fastest = speedup[own].max()
        rows.append(
            {
                **setting,
                "method": name,
                "points": len(own),
                "on_front": len(sizes[name]),
                "fastest": fastest,
                "reached": _share(fastest),
                "charged_bleu": charged,
                "lost_bleu": float(mean),
                **_bounds("lost_bleu", lost),
                **_ahead(points, name, drawn),
            }
        )
    return rows


def _ahead(points: pd.DataFrame, name: str, drawn: np.ndarray) -> dict[str, float]:
    speedup, bleu = points["speedup"].to_numpy(), points["bleu"].to_numpy()
    if name == OURS or OURS not in set(points["family"]):
        return {}
    ours, theirs = with_control(points, OURS), with_control(points, name)

    def difference(values: np.ndarray) -> float:
        return mean_difference(
            front_of(speedup[ours], values[ours]), front_of(speedup[theirs], values[theirs])
        )

    mean = difference(bleu)
    if math.isnan(mean):
        return {}
    until = min(RANGE[1], speedup[ours].max(), speedup[theirs].max())
    spread = np.array([difference(values) for values in drawn])
    return {"ahead": mean, **_bounds("ahead", spread), "ahead_until": until}


def _share(fastest: float) -> float:
    low, high = RANGE
    return math.log(min(max(fastest, low), high) / low) / math.log(high / low)


def _bounds(name: str, values: np.ndarray) -> dict[str, float]:
    low, high = noise.interval(values)
    return {f"{name}_low": low, f"{name}_high": high}
