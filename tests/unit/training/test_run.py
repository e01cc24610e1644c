"""What a training run is made of, and what makes it another one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tprune.errors import TPruneError
from tprune.model.architecture import Architecture
from tprune.model.transformer import Transformer
from tprune.training import train
from tprune.training.command import Schedule, Trainer
from tprune.training.penalty_file import PenaltySpec
from tprune.training.train import Run

SCHEDULE = Schedule(1, 0.1, 1)
TRAINER = Trainer(1, "float32", 512, 0.1, 1.0, 50, 5)


@pytest.mark.parametrize(("asked", "trained_with"), [(None, 0.1), (0.0, 0.0), (0.3, 0.3)])
def test_a_run_has_the_dropout_it_asks_for_or_its_models_own(
    model: Transformer, asked: float | None, trained_with: float
) -> None:
    run = Run("run", Path("data"), model, SCHEDULE, 1, dropout=asked)
    assert (run.architecture.dropout, model.architecture.dropout) == (trained_with, 0.1)


def test_a_run_from_random_weights_trains_its_architecture(architecture: Architecture) -> None:
    assert Run("run", Path("data"), architecture, SCHEDULE, 1).architecture == architecture


def test_a_teacher_and_its_weight_need_each_other(model: Transformer) -> None:
    run = Run("run", Path("data"), model, SCHEDULE, 1, teacher=model, distillation=0.5)
    for lacking, told in (
        ({"teacher": None}, "0.5 without a teacher"),
        ({"distillation": 0.0}, "0 with a teacher"),
    ):
        with pytest.raises(TPruneError, match=f"run: distillation {told}"):
            replace(run, **lacking)


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 2},
        {"schedule": Schedule(1, 0.2, 1)},
        {"dropout": 0.3},
        {"distillation": 0.4},
        {"teacher": None, "distillation": 0.0},
        {"penalty": PenaltySpec("shs", 0.01)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_run_that_is_changed_goes_on_from_no_state_of_the_other(
    model: Transformer, changed: dict[str, Any]
) -> None:
    run = Run("run", Path("data"), model, SCHEDULE, 1, teacher=model, distillation=0.5)
    assert train._shape(run, TRAINER) == train._shape(replace(run), TRAINER)
    assert train._shape(run, TRAINER) != train._shape(replace(run, **changed), TRAINER)


def test_auto_is_the_precision_that_it_stands_for(
    model: Transformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node without bfloat16 does not go on from the state of one that has it."""
    run, shapes = Run("run", Path("data"), model, SCHEDULE, 1), {}
    for name in ("float32", "bfloat16"):
        monkeypatch.setattr(
            train, "resolve_precision", lambda asked, found=name: found if asked == "auto" else asked
        )
        shapes[name] = train._shape(run, replace(TRAINER, precision="auto"))
        assert shapes[name] == train._shape(run, replace(TRAINER, precision=name))
    assert shapes["float32"] != shapes["bfloat16"]
