"""The study's goals, and how near its points come to them."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tprune.study import noise
from tprune.study.families import MAGNITUDE, SCRATCH, TAUGHT_SCRATCH
from tprune.study.points import compared

COLUMNS = (
    *("goal", "dtype", "beam", "met", "point", "repeats", "updates"),
    *("speedup", "speedup_low", "speedup_high"),
    *("bleu_change_percent", "bleu_change_percent_low", "bleu_change_percent_high"),
    *("lacking", "also_met_by"),
)
COPIED = ("point", "repeats", "speedup", "speedup_low", "speedup_high", "bleu_change_percent")


@dataclass(frozen=True)
class Goal:
    """A speed-up at no more than a loss of BLEU (percent), against the control of dtype `reference`."""

    speedup: float
    loss: float
    dtype: str = "float32"

    def __str__(self) -> str:
        against = "" if self.dtype == "float32" else " against the float32 control"
        return f"{self.speedup:g}x at no more than {self.loss:g} % BLEU loss{against}"


GOALS = (Goal(1.7, 1), Goal(2.2, 3), Goal(3, 8), Goal(4, 2, "int8"))
AHEAD_BLEU = 1.0


def build(
    points: pd.DataFrame,
    equal_latency: pd.DataFrame,
    ours: Collection[str],
    updates: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """One row per goal and beam, with `COLUMNS`; `updates` after the baseline are given by method.

    Goals of speed and loss are looked for among the methods `ours`: SHS and the ablations that have its
    penalty, as one without would be a success of something else; of them, among those that have no more
    `updates` than the control, as what more training gave is no success of pruning. A point meets one when
    its mean speed-up and its mean change of BLEU do; in int8 both are against the float32 control. Of the
    points that meet it the one of highest BLEU is named, else the nearest: the one for which the shortfall of
    speed-up (percent) and of BLEU (percent) add up to least; `lacking` says what it lacks. `also_met_by`
    names the other families, baseline and control too, that have a point which meets the goal. The interval
    of the change of BLEU is that of seeds (`tprune.study.noise`), the control's too; a speed-up's is its
    point's. The goals at equal latency are of SHS against a rival, met where the difference is at least
    `AHEAD_BLEU` and its interval does not hold 0, at all speed-ups of the table that both fronts reach; a
    rival that was not made leaves its goal unmet. Models from scratch with and without a teacher are two
    rivals, of which one may be left out.
    """
    beams = list(dict.fromkeys(points["beam"]))
    rows = [_quality(goal, beam, points, ours, updates or {}) for goal in GOALS for beam in beams]
    rows = [row for row in rows if row]
    if rows:
        made = set(equal_latency["rival"])
        scratch = [rival for rival in (SCRATCH, TAUGHT_SCRATCH) if rival in made] or [SCRATCH]
        rows += [_ahead(rival, beam, equal_latency) for rival in (*scratch, MAGNITUDE) for beam in beams]
    return pd.DataFrame(rows, columns=COLUMNS)


def _quality(
    goal: Goal, beam: int, points: pd.DataFrame, ours: Collection[str], updates: Mapping[str, int]
) -> dict[str, Any] | None:
    shown = compared(points, goal.dtype, beam)
    against = "_vs_float32" if goal.dtype != "float32" else ""
    shown = shown.assign(
        **{f"speedup{end}": shown[f"speedup{against}{end}"] for end in ("", "_low", "_high")},
        bleu_change_percent=shown[f"bleu_change_percent{against}"],
    )
    slow = (100 * (goal.speedup / shown["speedup"] - 1)).clip(lower=0)
    lossy = (-goal.loss - shown["bleu_change_percent"]).clip(lower=0)
    shown = shown.assign(lacks=slow + lossy)
    if not shown["method"].isin(ours).any():
        return None
    most = updates.get("control", math.inf)
    eligible = shown["method"].isin([method for method in ours if updates.get(method, 0) <= most])
    others = shown[~eligible & (shown["lacks"] == 0)]
    if eligible.any():
        best = shown[eligible].sort_values(["lacks", "bleu"], ascending=[True, False]).iloc[0]
        found = {
            "met": "yes" if best["lacks"] == 0 else "no",
            **{name: best[name] for name in COPIED},
            "updates": updates.get(best["method"], math.nan),
            **_change_interval(goal, beam, points, str(best["point"])),
            "lacking": _lacking(goal.speedup - best["speedup"], -goal.loss - best["bleu_change_percent"]),
        }
    else:
        found = {"met": "no", "lacking": "a model with no more updates than the control"}
    return {
        "goal": str(goal),
        "dtype": goal.dtype,
        "beam": beam,
        **found,
        "also_met_by": ", ".join(dict.fromkeys(others["family"])),
    }


def _change_interval(goal: Goal, beam: int, points: pd.DataFrame, point: str) -> dict[str, float]:
    """Of a point's change of BLEU (percent) against the goal's control; NaN where that was not made."""
    shown, reference = (compared(points, dtype, beam) for dtype in (goal.dtype, "float32"))
    at_control = np.flatnonzero(reference["family"] == "control")
    if not len(at_control):
        return dict.fromkeys(("bleu_change_percent_low", "bleu_change_percent_high"), math.nan)
    bleu = noise.draws(shown).bleu[:, np.flatnonzero(shown["point"] == point)[0]]
    # Of another dtype the control is another model, whose noise is its own.
    seed = noise.SEED if goal.dtype == "float32" else noise.SEED + 1
    control = noise.draws(reference, seed=seed).bleu[:, at_control[0]]
    low, high = noise.interval(100 * (bleu / control - 1))
    return {"bleu_change_percent_low": low, "bleu_change_percent_high": high}


def _lacking(speedup: float, percent: float) -> str:
    parts = []
    if speedup > 0:
        parts.append(f"{speedup:.2f}x")
    if percent > 0:
        parts.append(f"{percent:.1f} % BLEU")
    return " and ".join(parts)


def _ahead(rival: str, beam: int, table: pd.DataFrame) -> dict[str, Any]:
    chosen = (table["rival"] == rival) & (table["beam"] == beam) & (table["dtype"] == "float32")
    rows = table[chosen].dropna(subset=["difference"])
    enough = (rows["difference"] >= AHEAD_BLEU) & (rows["difference_low"] > 0)
    return {
        "goal": f"at equal latency at least {AHEAD_BLEU:g} BLEU above {rival}, beyond the noise",
        "dtype": "float32",
        "beam": beam,
        "met": "yes" if len(rows) and enough.all() else "no",
        "bleu_change_percent": math.nan,
        "lacking": _short(rows[~enough], len(rows)) if len(rows) else "no speed-up that both reach",
    }


def _short(short: pd.DataFrame, compared_at: int) -> str:
    if short.empty:
        return ""
    parts = [f"{row['difference']:+.2f}{_noise(row)} at {row['speedup']:g}x" for _, row in short.iterrows()]
    return f"short at {len(short)} of {compared_at} speed-ups, BLEU: {', '.join(parts)}"


def _noise(row: pd.Series) -> str:
    if pd.isna(row["difference_low"]):
        return " (noise unknown: no repeats)"
    return f" ({row['difference_low']:+.2f} to {row['difference_high']:+.2f})"
