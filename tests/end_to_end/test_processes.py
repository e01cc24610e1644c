"""Several processes train one model as one process does: real trainings on the smoke run's corpus."""

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psutil
import pytest
import torch
from torch import Tensor

from tests.conftest import ROOT
from tprune.evaluation.valid_loss import valid_loss
from tprune.model.dense import dense_architecture
from tprune.threads import thread_variables
from tprune.training.command import Schedule, Trainer
from tprune.training.gradient_share import read_gradient_share
from tprune.training.penalty_file import PenaltySpec
from tprune.training.train import Run, trained

SIZES = {"d_model": 32, "ffn_dim": 64, "num_heads": 2, "encoder_layers": 2, "decoder_layers": 2}
MAX_TOKENS = 1024
Penalised = PenaltySpec | None


@dataclass
class Outcome:
    """What came of a training."""

    weights: dict[str, Tensor]
    loss: float
    share: pd.DataFrame
    log: str

    def of_epoch(self, key: str) -> float:
        """A number of fairseq's record of the first epoch."""
        found = re.search(rf'"train_{key}": "([^"]*)"', self.log)
        assert found is not None
        return float(found.group(1))


@pytest.fixture(scope="module")
def data(tree_with_corpus: Callable[[], Path]) -> Path:
    return tree_with_corpus() / "results/smoke/corpus/data-bin"


def run_of(data: Path, updates: int, seed: int, penalty: PenaltySpec | None, dropout: float) -> Run:
    architecture = dense_architecture(data, **SIZES, dropout=dropout, pre_norm=True, share_embeddings="all")
    return Run("model", data, architecture, Schedule(updates, 0.002, 10), seed, penalty)


def trainer_of(processes: int, updates_of: int = 1) -> Trainer:
    """One process that takes `updates_of` batches for an update sees what as many processes see together."""
    together = ("--update-freq", str(updates_of))
    return Trainer(1, "float32", MAX_TOKENS // updates_of, 0.1, 1.0, 10, 1, together, processes)


@pytest.fixture
def train(data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Callable[..., Outcome]:
    def begin(
        trainer: Trainer,
        updates: int,
        seed: int = 1,
        penalty: PenaltySpec | None = None,
        dropout: float = 0.1,
    ) -> Outcome:
        caplog.clear()
        run = run_of(data, updates, seed, penalty, dropout)
        with (
            caplog.at_level(logging.DEBUG, "tprune.training.progress"),
            trained(run, trainer, tmp_path) as (model, files),
        ):
            share = read_gradient_share(files.gradient_share)
            weights = {name: value.clone() for name, value in model.state_dict().items()}
            return Outcome(weights, valid_loss(model, data, MAX_TOKENS), share, caplog.text)

    return begin


@pytest.mark.parametrize("method", ["shs", "bssl"])
def test_two_processes_do_what_one_does_with_the_same_batches(
    train: Callable[..., Outcome], method: str
) -> None:
    """The penalty weighs as much beside the loss; without dropout, only rounding tells them apart."""
    penalty = PenaltySpec(method, 0.05 if method == "shs" else 2.0)  # type: ignore[arg-type]
    one = train(trainer_of(1, 2), 30, penalty=penalty, dropout=0.0)
    two = train(trainer_of(2), 30, penalty=penalty, dropout=0.0)
    for name, value in one.weights.items():
        torch.testing.assert_close(two.weights[name], value, rtol=1e-3, atol=1e-4)
    assert two.loss == pytest.approx(one.loss, rel=1e-4)
    if method == "shs":
        assert len(two.share) == len(one.share) > 0
        assert two.share["share"].tolist() == pytest.approx(one.share["share"].tolist(), rel=1e-2)


def test_two_processes_learn_as_much_from_the_same_global_batch(train: Callable[..., Outcome]) -> None:
    """As many tokens an update, so as many updates an epoch; the losses lie among those of other seeds."""
    ones = [train(trainer_of(1), 60, seed) for seed in (1, 2, 3, 4)]
    twos = [train(trainer_of(2), 60, seed) for seed in (1, 2)]
    for one, two in zip(ones, twos, strict=False):
        # Smaller batches hold pairs more alike in length, so that less of them is padding.
        assert 1.0 <= two.of_epoch("wpb") / one.of_epoch("wpb") < 1.05
        assert 0 <= one.of_epoch("num_updates") - two.of_epoch("num_updates") <= 2
        assert two.of_epoch("gnorm") == pytest.approx(one.of_epoch("gnorm"), rel=0.05)
    losses = torch.tensor([one.loss for one in ones])
    for two in twos:
        assert abs(two.loss - float(losses.mean())) < 3 * float(losses.std())


SCRIPT = """
import logging, sys
from pathlib import Path
from tests.end_to_end.test_processes import run_of, trained, trainer_of
from tprune.threads import limit_threads
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
limit_threads(2)  # those of the job, as the rules' scripts do
run = run_of(Path(sys.argv[1]), int(sys.argv[3]), 1, None, 0.1)
with trained(run, trainer_of(2), Path(sys.argv[2])):
    pass
"""


def started(data: Path, state: Path, updates: int, script: str = SCRIPT) -> subprocess.Popen:
    """The script, which trains in two processes, after its first checkpoint."""
    argv = [sys.executable, "-c", script, str(data), str(state), str(updates)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    deadline = time.monotonic() + 100
    while not list(state.glob("*/*/checkpoint_*_10.pt")):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()  # its training ends with it
            raise AssertionError(f"no checkpoint:\n{process.communicate()[0][-4000:]}")
        time.sleep(0.02)
    return process


def workers(state: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        argv = process.info["cmdline"] or []
        if "tprune.training.worker" in argv and str(state) in " ".join(argv) and "torch" not in argv[-1]:
            found.append(process)
    return [process for process in found if process.info["status"] != psutil.STATUS_ZOMBIE]


def test_a_killed_script_leaves_nothing_training_and_is_resumed_to_the_same_weights(
    train: Callable[..., Outcome], data: Path, tmp_path: Path
) -> None:
    undisturbed = train(trainer_of(2), 60)
    script = started(data, tmp_path, 60)
    training = [each for each in workers(tmp_path) if "tprune.training.agent" not in each.cmdline()]
    assert len(training) == 2
    for name in thread_variables(1):
        assert {each.environ()[name] for each in training} == {"1"}, "each its share of the job's threads"
    script.kill()
    script.communicate()
    deadline = time.monotonic() + 5
    while workers(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    resumed = train(trainer_of(2), 60)
    assert re.search(r"Loaded checkpoint \S+/checkpoint_\w+\.pt \(epoch \d+ @ [1-5]\d updates\)", resumed.log)
    assert all(resumed.weights[name].equal(value) for name, value in undisturbed.weights.items())


def test_one_process_that_dies_ends_the_training_and_is_named(data: Path, tmp_path: Path) -> None:
    script = started(data, tmp_path, 2000)
    os.kill(max(each.pid for each in workers(tmp_path)), signal.SIGKILL)
    printed = script.communicate(timeout=30)[0]
    assert script.returncode == 1 and workers(tmp_path) == []
    assert "TPruneError: model: fairseq-train failed" in printed
    assert re.search(r"process [01] of 2 ended first, and the others with it: SIGKILL$", printed.rstrip())
