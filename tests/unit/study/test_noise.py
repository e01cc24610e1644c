import numpy as np
import pandas as pd
import pytest

from tprune.study import noise

NONE = float("nan")


def points(rows: list[tuple[int, float, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["repeats", "bleu_sd", "speedup_sd"])
    return table.assign(bleu=20.0, speedup=2.0, family="shs")


def test_deviations_are_pooled_by_degrees_of_freedom() -> None:
    found = noise.pooled_deviation(np.array([0.1, 0.4, NONE]), np.array([3, 2, 1]))
    assert found == pytest.approx(((2 * 0.01 + 0.16) / 3) ** 0.5)
    assert np.isnan(noise.pooled_deviation(np.array([NONE]), np.array([1])))


def test_draws_have_the_pooled_error_and_are_the_same_every_time() -> None:
    # So many repeats that Student's t is normal.
    table = points([(401, 0.2, 0.1), (1, NONE, NONE)])
    drawn = noise.draws(table, 4000, 3)
    assert drawn.bleu.mean(axis=0) == pytest.approx([20, 20], abs=0.02)
    assert drawn.bleu.std(axis=0) == pytest.approx([0.2 / 401**0.5, 0.2], rel=0.05)
    assert np.log(drawn.speedup).std(axis=0) == pytest.approx([0.05 / 401**0.5, 0.05], rel=0.05)
    assert np.median(drawn.speedup, axis=0) == pytest.approx([2, 2], rel=0.01)
    assert (drawn.bleu == noise.draws(table, 4000, 3).bleu).all()


def test_few_repeats_are_trusted_less() -> None:
    # Student's t with two degrees of freedom: 95 % lie within 4.30 standard errors, not 1.96.
    low, high = noise.interval(noise.draws(points([(3, 0.3, 0.1)]), 40000).bleu[:, 0])
    assert high - low == pytest.approx(2 * 4.303 * 0.3 / 3**0.5, rel=0.05)


def test_without_repeats_the_noise_is_not_known() -> None:
    drawn = noise.draws(points([(1, NONE, NONE)]))
    assert np.isnan(noise.interval(drawn.bleu[:, 0])).all()
    assert (drawn.speedup == 2.0).all()


def test_an_error_of_the_control_moves_all_other_speed_ups() -> None:
    table = points([(401, 0.2, 0.1), (401, 0.2, 0.1)]).assign(family=["control", "shs"])
    drawn = noise.draws(table, 4000)
    assert drawn.speedup[:, 0] == pytest.approx(2.0)
    assert np.log(drawn.speedup[:, 1]).std() == pytest.approx(0.05 * (2 / 401) ** 0.5, rel=0.05)
