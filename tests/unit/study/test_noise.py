import numpy as np
import pandas as pd
import pytest

from tprune.study import noise


def points(rows: list[tuple[str, int, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["family", "repeats", "bleu_sd"])
    return table.assign(bleu=20.0)


def test_deviations_are_pooled_by_degrees_of_freedom() -> None:
    table = points([("shs", 3, 0.1), ("shs", 2, 0.4), ("shs", 1, float("nan"))])
    assert noise.pooled_deviation(table) == pytest.approx(((2 * 0.01 + 0.16) / 3) ** 0.5)


def test_a_family_without_repeats_takes_the_deviation_of_all() -> None:
    table = points([("shs", 4, 0.2), ("scratch", 2, 0.6), ("magnitude", 1, float("nan"))])
    overall = ((3 * 0.04 + 0.36) / 4) ** 0.5
    assert noise.standard_errors(table) == pytest.approx([0.1, 0.6 / 2**0.5, overall])


def test_draws_have_that_error_and_are_the_same_every_time() -> None:
    table = points([("shs", 4, 0.2), ("magnitude", 1, float("nan"))])
    drawn = noise.draws(table, 4000, 3)
    assert drawn.mean(axis=0) == pytest.approx([20, 20], abs=0.02)
    assert drawn.std(axis=0) == pytest.approx([0.1, 0.2], rel=0.05)
    assert (drawn == noise.draws(table, 4000, 3)).all()


def test_without_repeats_the_noise_is_not_known() -> None:
    drawn = noise.draws(points([("shs", 1, float("nan"))]))
    assert np.isnan(noise.interval(drawn[:, 0])).all()
