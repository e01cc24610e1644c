"""Headline tables with known answers."""

from typing import Any

import pandas as pd
import pytest

from tprune.study import points


def rows_of(
    method: str, speedup: float, bleu: float, repeats: tuple[float, ...] = (), **others: Any
) -> list[dict[str, Any]]:
    """Rows of a headline table: one, or one for each of `repeats` with that much more BLEU."""
    dense = method in ("baseline", "control") or method.startswith("scratch-")
    requested = 0.0 if dense else others.pop("requested_speedup", speedup)
    name = method if dense else f"{method}_0.01_{requested:g}x"
    rows = []
    for number, more in enumerate(repeats or (0.0,), start=1):
        row: dict[str, Any] = {
            "model": name if number == 1 else f"{name}_r{number}",
            "method": method,
            "strength": 0.0 if dense else 0.01,
            "threshold": 0.0,
            "requested_speedup": requested,
            "repeat": number,
            "dtype": "float32",
            "beam": 1,
            "params": 4e6,
            "bleu": bleu + more,
            "chrf": 2 * (bleu + more),
            "p_value": None if method == "control" and number == 1 else 0.01 * number,
            "latency_ms": 20 / speedup,
            "speedup": speedup,
            "speedup_low": speedup * (1 - 0.01 * number),
            "speedup_high": speedup * (1 + 0.01 * number),
            "speedup_vs_float32": speedup,
            "speedup_vs_float32_low": 0.9 * speedup,
            "speedup_vs_float32_high": 1.1 * speedup,
            "condition": "ok",
            "bleu_signature": "nrefs:1|case:mixed",
            "chrf_signature": "nc:6|nw:0",
        }
        rows.append(row | others)
    return rows


@pytest.fixture
def headline() -> pd.DataFrame:
    """SHS 1 BLEU above magnitude everywhere; two sizes from scratch; whole heads no faster than 1.21x."""
    rows = [
        *rows_of("baseline", 1.0, 19.0),
        *rows_of("control", 1.0, 20.0, (-0.1, 0.0, 0.1)),
        *rows_of("shs", 1.5, 20.0, (-0.1, 0.0, 0.1)),
        *rows_of("shs", 3.0, 18.0, (-0.1, 0.0, 0.1)),
        *rows_of("magnitude", 1.5, 18.9),
        *rows_of("magnitude", 3.0, 16.9),
        *rows_of("scratch-dec1", 2.0, 19.0),
        *rows_of("scratch-narrow", 1.4, 18.0),
        *rows_of("heads", 1.21, 15.0),
    ]
    int8 = [
        {**row, "dtype": "int8", "bleu": row["bleu"] - 0.1, "speedup_vs_float32": 2 * row["speedup"]}
        for row in rows
    ]
    return pd.DataFrame(rows + int8)


@pytest.fixture
def table(headline: pd.DataFrame) -> pd.DataFrame:
    return points.build(headline)
