"""Sets on which the penalty was too weak are found, and said."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from tprune.errors import TPruneError
from tprune.tables import weak_penalty
from tprune.tables.points import Point

POINT = Point("shs", "0.003")


def plant(path: Path, shares: dict[str, list[float]]) -> None:
    rows = [
        {
            "stack": "encoder",
            "layer": 1,
            "component": "ffn",
            "kind": kind,
            "update": 10 * step,
            "share": share,
        }
        for kind, values in shares.items()
        for step, share in enumerate(values)
    ]
    pd.DataFrame(rows, columns=["stack", "layer", "component", "kind", "update", "share"]).to_csv(
        path, index=False
    )


def test_only_sets_below_one_percent_are_listed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plant(tmp_path / "shares.csv", {"weak": [0.02, 0.001, 0.004], "strong": [0.001, 0.02, 0.03]})
    with caplog.at_level(logging.WARNING):
        table = weak_penalty.build([POINT], [tmp_path / "shares.csv"])
    assert table.to_dict("records") == [
        {
            "method": "shs",
            "strength": 0.003,
            "stack": "encoder",
            "layer": 1,
            "component": "ffn",
            "kind": "weak",
            "updates": 3,
            "median_share": 0.004,
            "last_share": 0.004,
        }
    ]
    assert "shs at strength 0.003" in caplog.text
    assert "1 of 2 sets" in caplog.text


def test_no_weak_set_gives_a_table_with_its_columns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plant(tmp_path / "shares.csv", {"strong": [0.02, 0.03]})
    table = weak_penalty.build([POINT], [tmp_path / "shares.csv"])
    assert table.empty
    assert tuple(table.columns) == weak_penalty.COLUMNS
    assert caplog.text == ""
    assert tuple(weak_penalty.build([], []).columns) == weak_penalty.COLUMNS


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match=str(tmp_path / "absent.csv")):
        weak_penalty.build([POINT], [tmp_path / "absent.csv"])
