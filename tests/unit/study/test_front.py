import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tprune.study.front import front_of, interpolated, last_slope, mark_fronts, pareto, prolonged, redrawn
from tprune.study.points import compared

COORDINATES = st.tuples(st.integers(1, 8), st.integers(0, 8))


def test_points_beaten_in_both_are_off_the_front() -> None:
    speedup = np.array([1.0, 1.5, 1.4, 2.0, 2.0, 3.0])
    bleu = np.array([20.0, 19.0, 18.0, 17.0, 16.0, 17.5])
    assert list(pareto(speedup, bleu)) == [0, 1, 5]


@given(st.lists(COORDINATES, min_size=1, max_size=12))
def test_the_front_is_every_point_that_no_other_beats(chosen: list[tuple[int, int]]) -> None:
    speedup, bleu = np.array(chosen, dtype=float).T
    front = {chosen[index] for index in pareto(speedup, bleu)}
    beaten = {a for a in chosen for b in chosen if b != a and b[0] >= a[0] and b[1] >= a[1]}
    assert front == set(chosen) - beaten
    assert len(front) == len(pareto(speedup, bleu))


def test_between_points_bleu_is_linear_in_the_logarithm_and_beyond_there_is_none() -> None:
    front = front_of(np.array([1.0, 4.0]), np.array([20.0, 16.0]))
    assert interpolated(front, np.array([1.0, 2.0, 4.0])) == pytest.approx([20, 18, 16])
    assert np.isnan(interpolated(front, np.array([4.1]))).all()


def test_a_faster_and_better_model_serves_at_lower_speeds_too() -> None:
    front = front_of(np.array([1.0, 2.0]), np.array([20.0, 21.0]))
    assert interpolated(front, np.array([1.5])) == pytest.approx([21])


def test_own_fronts_and_the_front_of_all_are_marked(table: pd.DataFrame) -> None:
    marked = mark_fronts(compared(table, "float32", 1)).set_index("point")
    assert marked.loc["scratch-dec1", "on_own_front"] and marked.loc["scratch-dec1", "on_front"]
    assert not marked.loc["scratch-narrow", "on_own_front"]
    assert marked.loc["magnitude_0.01_3x", "on_own_front"] and not marked.loc["magnitude_0.01_3x", "on_front"]
    assert set(marked.index[marked["on_front"]]) == {"shs_0.01_1.5x", "scratch-dec1", "shs_0.01_3x"}


def test_in_a_draw_that_overtakes_a_point_the_better_one_serves() -> None:
    members = np.array([2, 0])  # of rising measured speed
    speedups = np.array([[3.0, 9.0, 2.0], [2.0, 9.0, 2.5]])
    bleu = np.array([[16.0, 0.0, 18.0], [16.0, 0.0, 18.0]])
    still, overtaken = redrawn(members, speedups, bleu)
    assert [list(part) for part in still] == [[2.0, 3.0], [18.0, 16.0]]
    assert [list(part) for part in overtaken] == [[2.0, 2.5], [18.0, 18.0]]
    # The noise of BLEU alone lifts nothing.
    (noisy,) = redrawn(members, speedups[:1], np.array([[19.0, 0.0, 18.0]]))
    assert list(noisy[1]) == [18.0, 19.0]


def test_a_drawn_front_that_ends_too_soon_goes_on_with_the_measured_slope() -> None:
    measured = np.array([1.0, 2.0, 4.0]), np.array([20.0, 20.0, 18.0])
    slope = last_slope(measured)
    assert slope == pytest.approx(-2 / np.log(2))
    short = np.array([1.0, 2.0]), np.array([20.0, 19.0])
    speedup, values = prolonged(short, 4.0, slope)
    assert (speedup[-1], values[-1]) == (4.0, pytest.approx(17.0))
    assert prolonged(measured, 4.0, slope) == measured
    assert last_slope((np.array([2.0]), np.array([20.0]))) == 0
