import math

import pandas as pd
import pytest

from tests.unit.study.conftest import rows_of
from tprune.study import equal_latency, points


def at(table: pd.DataFrame, rival: str, speedup: float) -> pd.Series:
    chosen = (table["rival"] == rival) & (table["speedup"] == speedup) & (table["dtype"] == "float32")
    return table[chosen].iloc[0]


def test_bleu_at_equal_latency_is_read_off_the_fronts(table: pd.DataFrame) -> None:
    compared = equal_latency.build(table)
    found = at(compared, "magnitude", 2.0)
    assert found["shs_bleu"] == pytest.approx(20 - 2 * math.log(2 / 1.5) / math.log(2))
    assert found["difference"] == pytest.approx(1.1)
    # From the control at 1x to SHS at 1.5x there is no loss; to magnitude a linear one.
    start = at(compared, "magnitude", 1.25)
    assert start["shs_bleu"] == pytest.approx(20)
    assert start["difference"] == pytest.approx(1.1 * math.log(1.25) / math.log(1.5))


def test_models_from_scratch_of_all_sizes_are_one_rival(table: pd.DataFrame) -> None:
    compared = equal_latency.build(table)
    assert at(compared, "scratch", 2.0)["rival_bleu"] == pytest.approx(19)
    assert at(compared, "scratch", 1.5)["rival_bleu"] == pytest.approx(20 - math.log(1.5) / math.log(2))
    assert set(compared["rival"]) == {"magnitude", "scratch", "heads"}


def test_nothing_is_extrapolated(table: pd.DataFrame) -> None:
    compared = equal_latency.build(table)
    assert math.isnan(at(compared, "scratch", 2.5)["difference"])
    assert math.isnan(at(compared, "heads", 1.25)["difference_low"])
    assert len(compared) == 2 * 3 * 5


def test_noise_of_seeds_stands_beside_the_difference(table: pd.DataFrame) -> None:
    found = at(equal_latency.build(table), "magnitude", 3.0)
    # SHS: three repeats of deviation 0.1; magnitude: one. Student's t with six degrees of freedom, as the
    # deviation is pooled over three points of three repeats.
    width = 2 * 2.447 * math.sqrt(0.01 / 3 + 0.01)
    assert found["difference_high"] - found["difference_low"] == pytest.approx(width, rel=0.1)


def test_more_points_of_a_method_do_not_move_its_interval() -> None:
    noise = (-0.3, 0.0, 0.3)
    rows = [*rows_of("control", 1.0, 20.0, noise), *rows_of("magnitude", 2.0, 19.9, noise)]
    rows += [row for speedup in (1.9, 2.0, 2.1) for row in rows_of("shs", speedup, 19.9, noise)]
    found = at(equal_latency.build(points.build(pd.DataFrame(rows))), "magnitude", 1.5)
    centre = (found["difference_low"] + found["difference_high"]) / 2
    assert centre == pytest.approx(found["difference"], abs=0.03)
