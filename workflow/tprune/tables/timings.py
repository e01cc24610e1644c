"""What was timed on each device of the sheet, as columns of the headline table.

The first device is the reference and has the plain columns `TIMED`; the columns of another are these with its
name and a _ before them.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tprune.errors import TPruneError
from tprune.tables.points import Point
from tprune.tables.sources import read_record, read_table

VS_FLOAT32 = ("speedup_vs_float32", "speedup_vs_float32_low", "speedup_vs_float32_high")
SPEED_COLUMNS = ("latency_ms", "p90_ms", "speedup", "speedup_low", "speedup_high", *VS_FLOAT32)
TIMED = (
    *("latency_ms", "p90_ms", "speedup", "speedup_low", "speedup_high", "speedup_own_length"),
    *VS_FLOAT32,
    "condition",
)
# Of devices beside the reference.
TIMED_BESIDE = ("latency_ms", "speedup", "speedup_low", "speedup_high", "condition")
REMARKS = {
    "busy": "other processes or the host took part of the machine; measure again on a quieter one",
    "throttled": "the device slowed down from heat; let it cool, or rest longer (devices.cool_down)",
}


@dataclass(frozen=True)
class Timed:
    """A device and what was timed on it: its beams and dtypes, its summary.csv and signature.json."""

    name: str
    beams: Sequence[int]
    dtypes: Sequence[str]
    summary: str | Path
    signature: str | Path


class Timings:
    """The summaries of all devices, the reference first; TPruneError where one cannot be read."""

    def __init__(self, devices: Sequence[Timed]) -> None:
        self._devices = devices
        wanted = ("model", "dtype", "beam", "length", *SPEED_COLUMNS)
        self._summaries = [read_table(device.summary, wanted) for device in devices]
        self._conditions = [condition(read_record(device.signature)) for device in devices]

    def beams(self, dtype: str) -> list[int]:
        """Every beam that any device was timed with in `dtype`."""
        return sorted({beam for device in self._devices if dtype in device.dtypes for beam in device.beams})

    def columns(self, point: Point, dtype: str, beam: int) -> dict[str, Any]:
        """The columns of all devices for one row; NaN where a device was not asked for the setting.

        Raises TPruneError where it was asked, and its summary has not exactly one row.
        """
        found: dict[str, Any] = {}
        for index, device in enumerate(self._devices):
            names = TIMED_BESIDE if index else TIMED
            values: dict[str, Any] = dict.fromkeys(TIMED, math.nan)
            if dtype in device.dtypes and beam in device.beams:
                values = self._of_device(index, point, dtype, beam)
            found |= {column_name(device.name if index else "", name): values[name] for name in names}
        return found

    def _of_device(self, index: int, point: Point, dtype: str, beam: int) -> dict[str, Any]:
        device, summary = self._devices[index], self._summaries[index]
        same = (summary["model"] == point.model) & (summary["dtype"] == dtype) & (summary["beam"] == beam)
        found = {length: summary[same & (summary["length"] == length)] for length in ("forced", "own")}
        for length, rows in found.items():
            if len(rows) != 1:
                raise TPruneError(
                    f"{device.summary}: {len(rows)} rows for {point.model}, {dtype}, beam {beam}, length "
                    f"{length}; there must be one: run the rule latency_{device.name} again"
                )
        speed = {column: found["forced"][column].iloc[0] for column in SPEED_COLUMNS}
        own_length = found["own"]["speedup"].iloc[0]
        return {**speed, "speedup_own_length": own_length, "condition": self._conditions[index]}


def condition(signature: Mapping[str, Any]) -> str:
    """How the device was while it was timed: "ok", or what the times suffered from, joined by +."""
    found = []
    if signature.get("quiet") is False:
        found.append("busy")
    if signature.get("throttled"):
        found.append("throttled")
    return "+".join(found) or "ok"


def remarks(conditions: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """(word, advice) of what the conditions of some rows mention; nothing where all are "ok" or NaN."""
    words = {word for value in conditions if isinstance(value, str) for word in value.split("+")}
    for word, advice in REMARKS.items():
        if word in words:
            yield word, advice


def column_name(device: str, column: str) -> str:
    """The column of a device; the reference's name is ""."""
    return f"{device}_{column}" if device else column


def devices_of(table: pd.DataFrame) -> list[str]:
    """Names of the devices beside the reference that a headline table has columns of."""
    ending = "_condition"
    return [str(name).removesuffix(ending) for name in table.columns if str(name).endswith(ending)]
