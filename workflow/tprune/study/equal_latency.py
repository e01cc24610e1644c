"""BLEU at equal latency: what SHS gives above each rival at the same speed-up.

Both fronts, the control on each, are interpolated linearly in the logarithm of the speed-up
(`tprune.study.front`); nothing is extrapolated. The interval is that of seeds and of timing
(`tprune.study.noise`).
"""

from typing import Any

import numpy as np
import pandas as pd

from tprune.study import noise
from tprune.study.families import OURS
from tprune.study.front import interpolated, on_front, redrawn_until
from tprune.study.points import compared, rivals, settings

SPEEDUPS = (1.25, 1.5, 2.0, 2.5, 3.0)
COLUMNS = (
    *("dtype", "beam", "rival", "speedup", "shs_bleu", "rival_bleu"),
    *("difference", "difference_low", "difference_high"),
)


def build(points: pd.DataFrame) -> pd.DataFrame:
    """One row per dtype, beam, rival family and speed-up of `SPEEDUPS`, with `COLUMNS`.

    NaN where a front does not reach the speed-up. Without points of SHS there are no rows.
    """
    rows: list[dict[str, Any]] = []
    for dtype, beam in settings(points):
        shown = compared(points, dtype, beam)
        families = rivals(shown)
        if OURS not in families:
            continue
        drawn = noise.draws(shown)
        ours, ours_drawn = _at_speedups(shown, OURS, drawn)
        for name in families:
            if name == OURS:
                continue
            theirs, theirs_drawn = _at_speedups(shown, name, drawn)
            for place, speedup in enumerate(SPEEDUPS):
                low, high = noise.interval(ours_drawn[:, place] - theirs_drawn[:, place])
                rows.append(
                    {
                        "dtype": dtype,
                        "beam": beam,
                        "rival": name,
                        "speedup": speedup,
                        "shs_bleu": ours[place],
                        "rival_bleu": theirs[place],
                        "difference": ours[place] - theirs[place],
                        "difference_low": low,
                        "difference_high": high,
                    }
                )
    return pd.DataFrame(rows, columns=COLUMNS)


def _at_speedups(points: pd.DataFrame, name: str, drawn: noise.Draws) -> tuple[np.ndarray, np.ndarray]:
    """BLEU of a family at `SPEEDUPS` as measured [S] and in every draw [count, S]."""
    members = on_front(points, name, "control")  # which every method's user has too
    front = points["speedup"].to_numpy()[members], points["bleu"].to_numpy()[members]
    at = np.array(SPEEDUPS)
    measured = interpolated(front, at)
    fronts = redrawn_until(at[-1], front, members, drawn.speedup, drawn.bleu)
    reached = np.where(np.isnan(measured), np.nan, 1.0)
    return measured, reached * np.array([interpolated(each, at) for each in fronts])
