"""The headline table: quality, latency and size of every model, against the control."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tprune.errors import TPruneError
from tprune.model.architecture import Architecture
from tprune.tables.kept import COMPONENTS, kept_columns
from tprune.tables.points import Point, method_rank
from tprune.tables.sources import read_record, read_table

SCORE_KEYS = ("bleu", "bleu_signature", "chrf", "chrf_signature", "p_value")
SPEED_COLUMNS = ("latency_ms", "p90_ms", "speedup", "speedup_low", "speedup_high", "speedup_vs_float32")
COST_COLUMNS = ("multiply_adds", "file_bytes", "peak_memory_bytes")
KEPT_COLUMNS = (*(f"{name}_kept" for name in COMPONENTS), "layers_dropped")
COLUMNS = (
    *("model", "method", "strength", "threshold", "dtype", "beam", "params"),
    *("bleu", "bleu_change_percent", "chrf", "p_value"),
    *("latency_ms", "p90_ms", "speedup", "speedup_low", "speedup_high", "speedup_own_length"),
    *("speedup_vs_float32", "bleu_change_percent_vs_float32"),
    *KEPT_COLUMNS,
    *COST_COLUMNS,
    *("bleu_signature", "chrf_signature"),
)


@dataclass(frozen=True)
class Sources:
    """The files joined. `checks` and `architectures` are one per point, in the points' order;
    `scores` are one per point and dtype, the dtype changing fastest.
    """

    summary: Path
    costs: Path
    checks: Sequence[Path]
    architectures: Sequence[Path]
    scores: Sequence[Path]


def build(points: Sequence[Point], dtypes: Sequence[str], sources: Sources) -> pd.DataFrame:
    """One row per model, dtype and beam, with `COLUMNS`.

    `speedup` and its interval are at the references' lengths, against the control at the same dtype and
    beam; `bleu_change_percent` is relative, against the control at the same dtype. Raises TPruneError
    when a file, a column or a model's row is missing, or when baseline or control is not among the points.
    """
    methods = [point.method for point in points]
    for needed in ("baseline", "control"):
        if needed not in methods:
            raise TPruneError(f"headline table: no `{needed}` among the models {methods}")
    models = _models(points, sources)
    scores = _scores(points, dtypes, sources)
    summary = read_table(
        sources.summary, ("method", "strength", "threshold", "dtype", "beam", "length", *SPEED_COLUMNS)
    )
    costs = read_table(sources.costs, ("model", "dtype", *COST_COLUMNS))
    rows = []
    for dtype in dtypes:
        beams = sorted(summary.loc[summary["dtype"] == dtype, "beam"].unique())
        if not beams:
            raise TPruneError(f"{sources.summary}: nothing measured in {dtype}; re-run the stage latency")
        for beam, point in itertools.product(beams, points):
            rows.append(
                {
                    "model": point.model,
                    "method": point.method,
                    "strength": float(point.strength),
                    "threshold": float(point.threshold),
                    "dtype": dtype,
                    "beam": int(beam),
                    **models[point],
                    **scores[point, dtype],
                    **_speed(summary, point, dtype, int(beam), sources.summary),
                    **_cost(costs, point, dtype, sources.costs),
                }
            )
    return _ordered(pd.DataFrame(rows, columns=list(COLUMNS)))


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
    points: Sequence[Point], dtypes: Sequence[str], sources: Sources
) -> dict[tuple[Point, str], dict[str, Any]]:
    keys = list(itertools.product(points, dtypes))
    read = {
        key: {name: read_record(path, SCORE_KEYS)[name] for name in SCORE_KEYS}
        for key, path in zip(keys, sources.scores, strict=True)
    }
    control = {dtype: read[point, dtype]["bleu"] for point, dtype in keys if point.method == "control"}
    for (_, dtype), score in read.items():
        score["bleu_change_percent"] = change_percent(score["bleu"], control[dtype])
        score["bleu_change_percent_vs_float32"] = (
            change_percent(score["bleu"], control["float32"]) if "float32" in control else math.nan
        )
    return read


def _speed(summary: pd.DataFrame, point: Point, dtype: str, beam: int, path: Path) -> dict[str, Any]:
    same = (
        (summary["method"] == point.key[0])
        & (summary["strength"].astype(float) == point.key[1])
        & (summary["threshold"].astype(float) == point.key[2])
        & (summary["dtype"] == dtype)
        & (summary["beam"] == beam)
    )
    found = {length: summary[same & (summary["length"] == length)] for length in ("forced", "own")}
    for length, rows in found.items():
        if len(rows) != 1:
            raise TPruneError(
                f"{path}: {len(rows)} rows for {point.model}, {dtype}, beam {beam}, length {length}; "
                "there must be one: re-run the stage latency"
            )
    speed = {column: found["forced"][column].iloc[0] for column in SPEED_COLUMNS}
    return {**speed, "speedup_own_length": found["own"]["speedup"].iloc[0]}


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
