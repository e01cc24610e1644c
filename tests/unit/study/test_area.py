import math

import numpy as np
import pandas as pd
import pytest

from tests.unit.study.conftest import rows_of
from tprune.study import area, points
from tprune.study.area import mean_difference, stepwise_mean
from tprune.study.front import front_of


def of_method(areas: pd.DataFrame, method: str, dtype: str = "float32") -> pd.Series:
    return areas[(areas["method"] == method) & (areas["dtype"] == dtype)].iloc[0]


def test_each_step_counts_by_the_logarithm_of_its_width() -> None:
    # From 1 to 2 the model at 2x serves (18), from 2 to 4 that at 4x (17), from 4 to 8 none (10).
    mean = stepwise_mean((np.array([2.0, 4.0]), np.array([18.0, 17.0])), 10.0, (1.0, 8.0))
    assert mean == pytest.approx((18 + 17 + 10) / 3)


def test_points_outside_the_range_count_for_nothing_of_their_own() -> None:
    front = np.array([0.5, 2.0, 16.0]), np.array([30.0, 18.0, 12.0])
    # 16x serves from 2 to 8; 0.5x is too slow anywhere.
    assert stepwise_mean(front, 0.0, (1.0, 8.0)) == pytest.approx((18 + 2 * 12) / 3)


def test_difference_of_two_lines_is_their_mean_distance() -> None:
    ours = front_of(np.array([1.0, 4.0]), np.array([20.0, 18.0]))
    theirs = front_of(np.array([1.0, 8.0]), np.array([20.0, 14.0]))
    # In doublings: 20 - x less 20 - 2 x, over 0 to 2: mean 1.
    assert mean_difference(ours, theirs, (1.0, 8.0)) == pytest.approx(1.0)
    assert mean_difference(theirs, ours, (1.0, 8.0)) == pytest.approx(-1.0)
    assert math.isnan(mean_difference(ours, theirs, (4.0, 8.0)))


def test_a_step_that_one_front_lacks_is_a_breakpoint() -> None:
    ours = front_of(np.array([1.0, 2.0, 4.0]), np.array([20.0, 20.0 - 1e-9, 16.0]))
    theirs = front_of(np.array([1.0, 4.0]), np.array([20.0, 16.0]))
    # A triangle of height 2 over two doublings.
    assert mean_difference(ours, theirs, (1.0, 4.0)) == pytest.approx(1.0, abs=1e-6)


def test_areas_of_the_hand_made_table(table: pd.DataFrame) -> None:
    areas = area.build(table, least=1)
    whole = math.log(3 / 1.1)
    low, high = math.log(1.5 / 1.1) / whole, math.log(3 / 1.5) / whole
    shs = of_method(areas, "shs")
    assert shs["lost_bleu"] == pytest.approx(2 * high)
    assert shs["reached"] == 1 and shs["on_front"] == 2
    assert of_method(areas, "magnitude")["lost_bleu"] == pytest.approx(1.1 * low + 3.1 * high)
    # Whole heads end at 1.21x, and their own 15 is the lowest BLEU on any front.
    heads = of_method(areas, "heads")
    assert heads["charged_bleu"] == 15 and heads["lost_bleu"] == pytest.approx(5.0)
    assert heads["reached"] == pytest.approx(math.log(1.21 / 1.1) / whole)
    # The dense model of 2x beats the smaller-than-1.5x one, and there is none beyond.
    scratch = of_method(areas, "scratch")
    reached = math.log(2 / 1.1) / whole
    assert scratch["lost_bleu"] == pytest.approx(1 * reached + 5 * (1 - reached))
    assert scratch["on_front"] == 1 and scratch["points"] == 2


def test_shs_is_ahead_of_a_rival_by_the_mean_difference(table: pd.DataFrame) -> None:
    areas = area.build(table)
    ahead = of_method(areas, "magnitude")
    # Both start at the control's 20 at 1x; from 1.5x on SHS is 1.1 above.
    start = 1.1 * math.log(1.1) / math.log(1.5)
    expected = ((start + 1.1) / 2 * math.log(1.5 / 1.1) + 1.1 * math.log(2)) / math.log(3 / 1.1)
    assert ahead["ahead"] == pytest.approx(expected)
    assert ahead["ahead_until"] == 3
    assert ahead["ahead_low"] < expected < ahead["ahead_high"]
    assert of_method(areas, "heads")["ahead_until"] == pytest.approx(1.21)
    assert math.isnan(of_method(areas, "shs")["ahead"])


def test_a_method_of_few_points_has_no_area(table: pd.DataFrame) -> None:
    areas = area.build(table, least=2)
    assert math.isnan(of_method(areas, "heads")["lost_bleu"])
    # Nor does what it would pay count for the others: the 16.9 of magnitude at 3x does.
    assert of_method(areas, "scratch")["charged_bleu"] == pytest.approx(16.9)
    assert area.build(table)["lost_bleu"].isna().all()
    assert of_method(area.build(table), "magnitude")["ahead"] > 0


def test_what_is_charged_is_paid_within_the_range() -> None:
    rows = [*rows_of("control", 1, 20.0), *rows_of("shs", 2.0, 18.0)]
    rows += [
        *rows_of("scratch-a", 2.5, 16.0),
        *rows_of("scratch-b", 4.0, 15.0),
        *rows_of("scratch-c", 9, 2.0),
    ]
    areas = area.build(points.build(pd.DataFrame(rows)), least=1)
    # From 2.5x to 3x the model at 4x serves; that at 9x is not needed.
    assert of_method(areas, "shs")["charged_bleu"] == 15.0


def test_the_interval_is_that_of_seeds() -> None:
    quiet = [*rows_of("control", 1, 20.0, (0.0, 0.0)), *rows_of("shs", 3.0, 18.0, (0.0, 0.0))]
    found = of_method(area.build(points.build(pd.DataFrame(quiet)), least=1), "shs")
    assert (found["lost_bleu_low"], found["lost_bleu_high"]) == pytest.approx((2.0, 2.0))
    # One point over the whole range: the loss varies as the difference of two means of two.
    noisy = [*rows_of("control", 1, 20.0, (-0.5, 0.5)), *rows_of("shs", 3.0, 18.0, (-0.5, 0.5))]
    found = of_method(area.build(points.build(pd.DataFrame(noisy)), least=1), "shs")
    width = 2 * 4.303 * math.sqrt(0.25 + 0.25)  # Student's t with two degrees of freedom
    assert found["lost_bleu_high"] - found["lost_bleu_low"] == pytest.approx(width, rel=0.15)


def test_noise_of_timing_moves_the_difference_where_fronts_are_steep() -> None:
    rows = [*rows_of("control", 1, 20.0, (0.0, 0.0, 0.0)), *rows_of("shs", 3.0, 10.0, (0.0, 0.0, 0.0))]
    rows += rows_of("magnitude", 3.0, 8.0)
    still = of_method(area.build(points.build(pd.DataFrame(rows))), "magnitude")
    assert still["ahead_high"] - still["ahead_low"] == pytest.approx(0, abs=1e-9)
    for row, factor in zip(rows, (0.9, 1.0, 1.1, 0.9, 1.0, 1.1), strict=False):
        row["speedup"] *= factor
    moved = of_method(area.build(points.build(pd.DataFrame(rows))), "magnitude")
    assert moved["ahead_low"] < 0 < moved["ahead"] < moved["ahead_high"]


def test_without_repeats_there_is_no_interval() -> None:
    rows = [*rows_of("control", 1, 20.0), *rows_of("shs", 3.0, 18.0), *rows_of("magnitude", 2.0, 18.0)]
    areas = area.build(points.build(pd.DataFrame(rows)), least=1)
    assert areas["lost_bleu"].notna().all()
    assert areas[["lost_bleu_low", "lost_bleu_high"]].isna().all(axis=None)
    assert of_method(areas, "magnitude")["ahead"] > 0
