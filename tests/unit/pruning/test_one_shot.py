"""Widths are compared by what choosing lines costs them before any fine-tuning."""

import dataclasses
import math
from pathlib import Path

import pytest

from tests.unit.pruning.small_model import make_model
from tests.unit.pruning.test_ranking import EVEN
from tprune.atomic import write_json
from tprune.compaction.compact import compact
from tprune.errors import TPruneError
from tprune.evaluation.valid_loss import valid_loss
from tprune.pruning.one_shot import COLUMNS, OneShot, least_lossy, one_shot, read_one_shot, table
from tprune.pruning.policy import Evidence, Request, select_lines
from tprune.tables.writing import write_csv

TOKENS = 100
WIDE, NARROW = OneShot("shs", 16, 1.5, 3.0, 1.5, 900), OneShot("shs-d8", 8, 1.5, 2.5, 1.6, 500)
UNREACHED = OneShot("shs", 16, 4.0)


def test_the_loss_is_that_of_the_model_that_choosing_lines_leaves(data: Path) -> None:
    model = make_model(vocabulary=30, positions=64).float()
    dense_ms = EVEN.milliseconds(model.architecture)
    request = Request("shs", 0, 0, 1.3, 2, None, seed=1)
    evidence = Evidence(EVEN, dense_ms)
    found = one_shot(model, request, evidence, data, TOKENS)
    small = compact(model, select_lines(model, request, evidence))
    assert found.valid_loss == valid_loss(small, data, TOKENS) != valid_loss(model, data, TOKENS)
    assert found.predicted_speedup == pytest.approx(dense_ms / EVEN.milliseconds(small.architecture))
    assert found.predicted_speedup >= 1.3
    assert found.params == sum(weight.numel() for weight in small.parameters())
    assert (found.method, found.d_model, found.speedup) == ("shs", 16, 1.3)


def test_a_width_that_is_fast_enough_loses_no_line(data: Path) -> None:
    model = make_model(vocabulary=30, positions=64).float()
    twice = 2 * EVEN.milliseconds(model.architecture)
    found = one_shot(model, Request("shs", 0, 0, 1.3, 2, None, seed=1), Evidence(EVEN, twice), data, TOKENS)
    assert found.valid_loss == pytest.approx(valid_loss(model, data, TOKENS))
    assert found.predicted_speedup == pytest.approx(2)


def test_a_speed_up_beyond_reach_has_no_loss(data: Path) -> None:
    model = make_model()
    request = Request("shs", 0, 0, 99, 2, None, seed=1)
    found = one_shot(model, request, Evidence(EVEN, EVEN.milliseconds(model.architecture)), data, TOKENS)
    assert found == OneShot("shs", 16, 99)


def test_the_width_of_least_loss_is_taken_and_the_wider_of_equals() -> None:
    assert least_lossy([WIDE, NARROW]) is NARROW
    assert least_lossy([dataclasses.replace(WIDE, valid_loss=2.5), NARROW]).method == "shs"
    assert least_lossy([UNREACHED, dataclasses.replace(NARROW, speedup=4.0)]).method == "shs-d8"
    assert least_lossy([UNREACHED, OneShot("shs-d8", 8, 4.0)]).d_model == 8


def test_the_table_marks_the_width_of_least_loss_at_each_speed_up(tmp_path: Path) -> None:
    rows = table([NARROW, UNREACHED, dataclasses.replace(NARROW, speedup=4.0), WIDE])
    assert list(rows.columns) == list(COLUMNS)
    assert rows[["speedup", "method", "least"]].to_numpy().tolist() == [
        [1.5, "shs", False],
        [1.5, "shs-d8", True],
        [4.0, "shs", False],
        [4.0, "shs-d8", True],
    ]
    assert math.isnan(rows["valid_loss"][2])
    write_csv(rows, tmp_path / "widths.csv")
    assert "4,shs,16,,,,False" in (tmp_path / "widths.csv").read_text().splitlines()


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "speedup~1.5.json"
    for one in (WIDE, UNREACHED):
        write_json(path, dataclasses.asdict(one))
        assert read_one_shot(path) == one
    write_json(path, {"method": "shs"})
    with pytest.raises(TPruneError, match=r"speedup~1.5.json: not the loss"):
        read_one_shot(path)
