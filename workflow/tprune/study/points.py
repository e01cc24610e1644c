"""Operating points: a setting of a method, over its repeats with other seeds.

The mean of BLEU, chrF and speed-up is taken over repeats, and the sample standard deviation (n - 1). The
interval of a speed-up reaches from the lowest lower to the highest upper bound of its repeats' bootstrap
intervals, so that it covers the sentences (within a repeat) and the seeds (between repeats); all repeats are
timed on the same sentences, so averaging over them takes nothing from the error that these share.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from tprune.errors import TPruneError
from tprune.study.families import UNPRUNED, family
from tprune.tables.timings import VS_FLOAT32

SETTING = ["dtype", "beam"]
KEY = ["method", "strength", "threshold", "requested_speedup"]
MEASURED = (
    *("repeat", "params", "bleu", "chrf", "p_value", "latency_ms"),
    *("speedup", "speedup_low", "speedup_high"),
    *VS_FLOAT32,
    "condition",
)
NEEDED = ("model", *KEY, *SETTING, *MEASURED)
COLUMNS = (
    *("point", "family", *KEY, *SETTING, "repeats", "params"),
    *("bleu", "bleu_sd", "bleu_change", "bleu_change_percent", "bleu_change_percent_sd"),
    *("bleu_change_percent_vs_float32", "chrf", "chrf_sd", "p_smallest", "p_largest"),
    *("latency_ms", "speedup", "speedup_low", "speedup_high", "speedup_sd"),
    *VS_FLOAT32,
    "condition",
)


def build(headline: pd.DataFrame, placed: Mapping[str, str] = MappingProxyType({})) -> pd.DataFrame:
    """One row per operating point, dtype and beam, with `COLUMNS`, from the headline table (`NEEDED`).

    `placed` are families of methods whose names do not tell them (`tprune.study.families`).

    Changes of BLEU are against the mean of the control's repeats, in BLEU and in percent: of the same dtype
    and beam, or, where the name says so, of float32 and the beam; `bleu_change_percent_sd` is the deviation
    of BLEU in percent of that mean. `speedup` is against the control in the same dtype and beam as the
    headline table has it, `speedup_vs_float32` against the float32 control at the same beam. Deviations are
    NaN for one repeat, `p_` where there is no test (the control). `condition` is the device's.
    Raises TPruneError where a repeat stands twice, or a dtype has no control.
    """
    control_rows = headline[headline["method"] == "control"]
    controls: dict[Any, float] = control_rows.groupby(SETTING)["bleu"].mean().to_dict()
    lacking = sorted(set(headline["dtype"]) - set(control_rows["dtype"]))
    if lacking:
        raise TPruneError(f"headline table: no `control` in {', '.join(lacking)} to compare with")
    rows = [
        _row(group, controls, placed)
        for _, group in headline.fillna(dict.fromkeys(KEY[1:], 0)).groupby([*SETTING, *KEY], sort=False)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    rank = table["family"].map(lambda name: UNPRUNED.index(name) if name in UNPRUNED else len(UNPRUNED))
    first = {name: place for place, name in enumerate(dict.fromkeys(table["family"]))}
    keys = table.assign(rank=rank, place=table["family"].map(first))
    dtypes = {name: place for place, name in enumerate(dict.fromkeys(table["dtype"]))}
    keys["dtype"] = keys["dtype"].map(dtypes)
    order = keys.sort_values(["dtype", "beam", "rank", "place", "speedup"], kind="stable").index
    return table.loc[order].reset_index(drop=True)


def compared(points: pd.DataFrame, dtype: str, beam: int) -> pd.DataFrame:
    """The points of a dtype and beam that were timed, numbered anew."""
    chosen = points[(points["dtype"] == dtype) & (points["beam"] == beam)]
    return chosen.dropna(subset=["speedup", "bleu"]).reset_index(drop=True)


def settings(points: pd.DataFrame) -> list[tuple[str, int]]:
    """Every (dtype, beam) of the table, in its order."""
    pairs = points[SETTING].drop_duplicates()
    return [(str(dtype), int(beam)) for dtype, beam in pairs.itertuples(index=False)]


def rivals(points: pd.DataFrame) -> list[str]:
    """The families of the table that are compared, in its order: all but baseline and control."""
    return [name for name in dict.fromkeys(points["family"]) if name not in UNPRUNED]


def control_bleu(points: pd.DataFrame) -> float:
    """Mean BLEU of the control among points of one dtype and beam."""
    found = points.loc[points["family"] == "control", "bleu"]
    if found.empty:
        raise TPruneError("operating points: no `control`, against which the others are compared")
    return float(found.iloc[0])


def _row(group: pd.DataFrame, controls: Mapping[Any, float], placed: Mapping[str, str]) -> dict[str, Any]:
    group = group.sort_values("repeat")
    first = group.iloc[0]
    if not group["repeat"].is_unique:
        raise TPruneError(
            f"headline table: {first['model']} ({first['dtype']}, beam {first['beam']}) has a repeat twice: "
            f"{list(group['repeat'])}"
        )
    control = controls[first["dtype"], first["beam"]]
    float32 = controls.get(("float32", first["beam"]), math.nan)
    bleu = group["bleu"].mean()
    deviation = group["bleu"].std()
    name = str(first["model"]).removesuffix(f"_r{int(first['repeat'])}")
    return {
        "point": name,
        "family": family(first["method"], placed),
        **{column: first[column] for column in [*KEY, *SETTING]},
        "repeats": len(group),
        "params": group["params"].mean(),
        "bleu": bleu,
        "bleu_sd": deviation,
        "bleu_change": bleu - control,
        "bleu_change_percent": _percent(bleu - control, control),
        "bleu_change_percent_sd": _percent(deviation, control),
        "bleu_change_percent_vs_float32": _percent(bleu - float32, float32),
        "chrf": group["chrf"].mean(),
        "chrf_sd": group["chrf"].std(),
        "p_smallest": group["p_value"].min(),
        "p_largest": group["p_value"].max(),
        "latency_ms": group["latency_ms"].mean(),
        "speedup": group["speedup"].mean(),
        "speedup_low": group["speedup_low"].min(),
        "speedup_high": group["speedup_high"].max(),
        "speedup_sd": group["speedup"].std(),
        "speedup_vs_float32": group["speedup_vs_float32"].mean(),
        "speedup_vs_float32_low": group["speedup_vs_float32_low"].min(),
        "speedup_vs_float32_high": group["speedup_vs_float32_high"].max(),
        "condition": first["condition"],
    }


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else math.nan
