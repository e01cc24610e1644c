"""The learning curve: a row for each epoch, once, and what a whole epoch would have changed."""

from pathlib import Path

import pytest

from tprune.training.learning_curve import LearningCurve, changes_per_epoch, read_learning_curve


def test_an_epoch_has_one_row_whoever_asks(tmp_path: Path) -> None:
    path = tmp_path / "valid_loss.csv"
    assert 10 not in LearningCurve(path)
    path.touch()  # as a kill leaves it
    LearningCurve(path).add(10, 4.0)
    LearningCurve(path).add(20, 3.0)
    assert 10 in LearningCurve(path) and 15 not in LearningCurve(path)
    assert read_learning_curve(path).to_numpy().tolist() == [[10, 4.0], [20, 3.0]]


def test_a_last_part_of_an_epoch_counts_for_the_whole(tmp_path: Path) -> None:
    curve = LearningCurve(tmp_path / "valid_loss.csv")
    for update, loss in ((10, 4.0), (20, 3.0), (25, 2.97)):
        curve.add(update, loss)
    changes = changes_per_epoch(read_learning_curve(curve.path))["change_percent"].tolist()
    assert changes[1:] == pytest.approx([-25.0, -2.0])
