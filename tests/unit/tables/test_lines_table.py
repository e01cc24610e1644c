"""Requested and kept lines, set by set."""

from pathlib import Path

import pandas as pd
import pytest

from tprune.errors import TPruneError
from tprune.lines.selection import SelectedSet, Selection
from tprune.tables import lines
from tprune.tables.points import Point


def test_counts_are_summed_over_heads_and_layers_keep_their_names(tmp_path: Path) -> None:
    attention = SelectedSet("encoder", 0, "self_attention", "qk", 8, (5, 2), ((0, 1, 2, 3), (4, 5, 6, 7)))
    ffn = SelectedSet("decoder", 1, "ffn", "ffn", 100, (30,), (tuple(range(32)),))
    selection = Selection("shs", 0.01, 0.35, 4, (attention, ffn), {"encoder": (0,), "decoder": (1, 2)})
    selection.write(tmp_path / "lines.json")

    table = lines.build([Point("shs", "0.01", "0.35")], [tmp_path / "lines.json"])

    assert list(table.columns) == list(lines.COLUMNS)
    first, second, *dropped = table.to_dict("records")
    assert (first["heads"], first["lines"], first["requested"], first["kept"]) == (2, 16, 7, 8)
    assert (first["model"], first["layer"], first["original_layer"]) == ("shs_0.01_0.35", 0, 1)
    assert (second["requested"], second["kept"], second["kept_fraction"]) == (30, 32, 0.32)
    # decoder layers 1 and 2 are gone: what is now layer 1 was layer 3
    assert (second["layer"], second["original_layer"], second["round_to"]) == (1, 3, 4)
    assert [(row["stack"], row["original_layer"], row["kept"]) for row in dropped] == [
        ("encoder", 0, 0),
        ("decoder", 1, 0),
        ("decoder", 2, 0),
    ]
    assert all(pd.isna(row["layer"]) and pd.isna(row["requested"]) for row in dropped)


def test_heads_dropped_whole_are_counted(tmp_path: Path) -> None:
    everything = tuple(range(8))
    qk, vo = (
        SelectedSet("encoder", 0, "self_attention", kind, 8, (8, 0, 0, 8), (everything, (), (), everything))
        for kind in ("qk", "vo")
    )
    ffn = SelectedSet("encoder", 0, "ffn", "ffn", 8, (8,), (everything,))
    Selection("heads", 0, 0, 1, (qk, vo, ffn)).write(tmp_path / "lines.json")
    table = lines.build([Point("heads", "0", "0")], [tmp_path / "lines.json"])
    assert table["heads"].tolist() == [4, 4, 1]
    assert table["kept_heads"].tolist() == [2, 2, 1]
    assert table["kept_fraction"].tolist() == [0.5, 0.5, 1.0]


def test_a_missing_selection_is_named(tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match=str(tmp_path / "lines.json")):
        lines.build([Point("shs", "0.01", "0.35")], [tmp_path / "lines.json"])
