"""The headline table: quality, latency and size of every model, against the control."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd

from tprune.errors import TPruneError
from tprune.model.architecture import Architecture
from tprune.tables.kept import COMPONENTS, kept_columns
from tprune.tables.points import Point, method_rank
from tprune.tables.sources import read_record, read_scores, read_table
from tprune.tables.timings import TIMED, TIMED_BESIDE, Timed, Timings, column_name

SCORE_KEYS = ("bleu", "bleu_signature", "chrf", "chrf_signature", "p_value")
COST_COLUMNS = ("multiply_adds", "file_bytes", "peak_memory_bytes")
KEPT_COLUMNS = (*(f"{name}_kept" for name in COMPONENTS), "layers_dropped")
COLUMNS = (
    *("model", "method", "strength", "threshold", "requested_speedup", "repeat", "dtype", "beam", "params"),
    *("bleu", "bleu_change_percent", "chrf", "p_value"),
    *TIMED,
    "bleu_change_percent_vs_float32",
    *KEPT_COLUMNS,
    *COST_COLUMNS,
    *("bleu_signature", "chrf_signature"),
)


@dataclass(frozen=True)
class Sources:
    """The files joined. `devices` begin with the reference; `checks` and `architectures` are one per point,
    in the points' order; `scores` are one per point and dtype, the dtype changing fastest, each of all beams.
    """

    devices: Sequence[Timed]
    costs: Path
    checks: Sequence[Path]
    architectures: Sequence[Path]
    scores: Sequence[Path]


def build(points: Sequence[Point], dtypes: Sequence[str], sources: Sources) -> pd.DataFrame:
    """One row per model, dtype and beam, with `COLUMNS` and those of the devices beside the reference.

    `condition` is "ok", or what the device suffered from while it was timed: "busy", "throttled" or both.
    `speedup` and its interval are at the references' lengths. It and `bleu_change_percent`, which is
    relative, are against the control (the mean of its repeats) at the same dtype and beam. Raises TPruneError
    when a file, a column or a model's row is missing, or when baseline or control is not among the points.
    """
    methods = [point.method for point in points]
    for needed in ("baseline", "control"):
        if needed not in methods:
            raise TPruneError(f"headline table: no `{needed}` among the models {methods}")
    models = _models(points, sources)
    timings = Timings(sources.devices)
    scores = _scores(points, {dtype: timings.beams(dtype) for dtype in dtypes}, sources)
    costs = read_table(sources.costs, ("model", "dtype", *COST_COLUMNS))
    rows = []
    for dtype in dtypes:
        for beam, point in itertools.product(timings.beams(dtype), points):
            rows.append(
                {
                    "model": point.model,
                    "method": point.method,
                    **point.numbers,
                    "dtype": dtype,
                    "beam": beam,
                    **models[point],
                    **scores[point, dtype, beam],
                    **timings.columns(point, dtype, beam),
                    **_cost(costs, point, dtype, sources.costs),
                }
            )
    return _ordered(pd.DataFrame(rows, columns=columns([device.name for device in sources.devices[1:]])))


def columns(devices: Sequence[str]) -> list[str]:
    """The columns of the table with `devices` beside the reference."""
    return [*COLUMNS, *(column_name(device, name) for device in devices for name in TIMED_BESIDE)]


def change_percent(value: float, reference: float) -> float:
    """Relative change in percent; NaN where the reference is 0 (a model that translates nothing)."""
    return 100 * (value / reference - 1) if reference else math.nan


def _models(points: Sequence[Point], sources: Sources) -> dict[Point, dict[str, Any]]:
    shapes = {
        point: Architecture.read(path) for point, path in zip(points, sources.architectures, strict=True)
    }
    dense = next(shape for point, shape in shapes.items() if point.method == "baseline")
    return {
        point: {
            "params": read_record(check, ["parameters"])["parameters"],
            **kept_columns(shapes[point], dense),
        }
        for point, check in zip(points, sources.checks, strict=True)
    }


def _scores(
    points: Sequence[Point], beams: Mapping[str, Sequence[int]], sources: Sources
) -> dict[tuple[Point, str, int], dict[str, Any]]:
    """Scores by point, dtype and beam (`beams` of each dtype), and the changes against the control's mean."""
    files = dict(zip(itertools.product(points, beams), sources.scores, strict=True))
    read = {
        (point, dtype, beam): read_scores(path, beam, SCORE_KEYS)
        for (point, dtype), path in files.items()
        for beam in beams[dtype]
    }
    control = {
        (dtype, beam): fmean(
            read[point, dtype, beam]["bleu"] for point in points if point.method == "control"
        )
        for dtype in beams
        for beam in beams[dtype]
    }
    for (_, dtype, beam), score in read.items():
        score["bleu_change_percent"] = change_percent(score["bleu"], control[dtype, beam])
        score["bleu_change_percent_vs_float32"] = (
            change_percent(score["bleu"], control["float32", beam])
            if ("float32", beam) in control
            else math.nan
        )
    return read


def _cost(costs: pd.DataFrame, point: Point, dtype: str, path: Path) -> dict[str, Any]:
    rows = costs[(costs["model"] == point.model) & (costs["dtype"] == dtype)]
    if len(rows) != 1:
        raise TPruneError(
            f"{path}: {len(rows)} rows for {point.model}, {dtype}; there must be one: "
            "re-run the stage latency"
        )
    return {column: rows[column].iloc[0] for column in COST_COLUMNS}


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """By dtype (as configured) and beam; inside: baseline, control, then by method and speed-up."""
    dtype_rank = {dtype: rank for rank, dtype in enumerate(dict.fromkeys(table["dtype"]))}
    keys = table.assign(dtype_rank=table["dtype"].map(dtype_rank), rank=table["method"].map(method_rank))
    order = keys.sort_values(["dtype_rank", "beam", "rank", "method", "speedup"], kind="stable").index
    return table.loc[order].reset_index(drop=True)
