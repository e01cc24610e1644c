import dataclasses
import json
from pathlib import Path

import pytest

from tprune.errors import TPruneError
from tprune.lines.selection import SelectedSet, Selection

CHOSEN = SelectedSet("decoder", 1, "cross_attention", "qk", 8, (3, 5), ((0, 2, 4, 7), (1, 2, 3, 6)))
SELECTION = Selection("shs", 0.01, 0.35, 4, (CHOSEN,), {"encoder": (), "decoder": (0, 2)})


def test_file_round_trip(tmp_path: Path) -> None:
    SELECTION.write(tmp_path / "lines.json")
    assert Selection.read(tmp_path / "lines.json") == SELECTION


def test_a_set_tells_how_many_lines_it_keeps() -> None:
    assert str(CHOSEN) == "decoder.1.cross_attention.qk: 4 of 8 lines kept"
    one_head = dataclasses.replace(CHOSEN, kept=((), (1, 2)))
    assert str(one_head) == "decoder.1.cross_attention.qk: 2 of 8 lines kept in 1 of 2 heads"


@pytest.mark.parametrize(("layer", "original"), [(0, 1), (1, 3), (2, 4)])
def test_a_layer_is_found_where_it_was_before_others_were_dropped(layer: int, original: int) -> None:
    chosen = dataclasses.replace(CHOSEN, layer=layer)
    assert SELECTION.original_layer(chosen) == original
    assert SELECTION.original_layer(dataclasses.replace(chosen, stack="encoder")) == layer


@pytest.mark.parametrize("missing", ["sets", "dropped_layers", "method"])
def test_another_form_is_refused(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "lines.json"
    SELECTION.write(path)
    value = json.loads(path.read_text())
    del value[missing]
    path.write_text(json.dumps(value))
    with pytest.raises(TPruneError, match=r"lines\.json: not a selection"):
        Selection.read(path)
