"""What a training run is made of."""

from pathlib import Path

import pytest

from tprune.model.architecture import Architecture
from tprune.model.transformer import Transformer
from tprune.training.command import Schedule
from tprune.training.train import Run

SCHEDULE = Schedule(1, 0.1, 1)


@pytest.mark.parametrize(("asked", "trained_with"), [(None, 0.1), (0.0, 0.0), (0.3, 0.3)])
def test_a_run_has_the_dropout_it_asks_for_or_its_models_own(
    model: Transformer, asked: float | None, trained_with: float
) -> None:
    run = Run("run", Path("data"), model, SCHEDULE, 1, dropout=asked)
    assert (run.architecture.dropout, model.architecture.dropout) == (trained_with, 0.1)


def test_a_run_from_random_weights_trains_its_architecture(architecture: Architecture) -> None:
    assert Run("run", Path("data"), architecture, SCHEDULE, 1).architecture == architecture
