"""Running fairseq-train to its end, and taking the model out of its last checkpoint."""

import argparse
import dataclasses
import json
import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save

from tprune.atomic import atomic_path
from tprune.errors import TPruneError
from tprune.model.architecture import Architecture
from tprune.model.checkpoint import load_weights, save_model, stored_weights
from tprune.model.transformer import Transformer
from tprune.threads import thread_variables
from tprune.training.command import Schedule, StateFiles, Trainer, resolve_precision, train_command
from tprune.training.owner import Ownership, held
from tprune.training.penalty_file import PenaltySpec
from tprune.training.process import ends_with_parent
from tprune.training.progress import Progress
from tprune.training.resume import carry_over, newest_checkpoint, state_folder
from tprune.training.slurm import need_slurm

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """One training run: what it is called, its data, where it starts and how it goes.

    `start` is a model to train on, or an architecture to train from random weights. With a `teacher`
    the loss is, in proportion `distillation` (0 to 1), the divergence from the teacher's distribution. The
    valid loss after each epoch can be followed. `dropout` is the training's; None: the architecture's own.
    Raises TPruneError where one of teacher and `distillation` is there without the other.
    """

    name: str
    data: Path
    start: Transformer | Architecture
    schedule: Schedule
    seed: int
    penalty: PenaltySpec | None = None
    teacher: Transformer | None = None
    distillation: float = 0.0
    follow_valid_loss: bool = False
    dropout: float | None = None

    def __post_init__(self) -> None:
        if (self.teacher is None) == (self.distillation > 0):
            lacking = "without" if self.teacher is None else "with"
            raise TPruneError(f"{self.name}: distillation {self.distillation:g} {lacking} a teacher")

    @property
    def architecture(self) -> Architecture:
        """What is trained, with the dropout that it is trained with."""
        own = self.start if isinstance(self.start, Architecture) else self.start.architecture
        return own if self.dropout is None else dataclasses.replace(own, dropout=self.dropout)


@contextmanager
def trained(run: Run, trainer: Trainer, state_root: Path) -> Iterator[tuple[Transformer, StateFiles]]:
    """Train `run` to its last update; yields the model and the files of its training state.

    Resumes from the last whole checkpoint of the same run under `state_root`. The state is removed
    when the block ends without error: write the model inside it. A loss that becomes NaN, and any
    other failure of fairseq, raises TPruneError; so do several nodes where there is no Slurm.
    """
    need_slurm(trainer.nodes)
    with held(state_folder(state_root, run.name, _shape(run, trainer))) as ownership:
        files = StateFiles(ownership.folder)
        restore = carry_over(ownership.generation, files.gradient_share.name, files.valid_loss.name)
        _write_start(run, files)
        if restore is not None:
            logger.info("%s: resuming from %s", run.name, restore.name)
        logger.info("%s: forward and backward in %s", run.name, resolve_precision(trainer.precision))
        options = run.distillation, run.follow_valid_loss
        argv = train_command(run.data, run.schedule, trainer, run.seed, files, restore, *options)
        _follow(argv, run, trainer, ownership)
        yield _finished_model(run, files), files
        ownership.finish()


def _initial_weights(run: Run) -> bytes:
    return b"" if isinstance(run.start, Architecture) else save(stored_weights(run.start))


def _shape(run: Run, trainer: Trainer) -> list[bytes]:
    """Everything that the trained model depends on."""
    lasting = dataclasses.asdict(dataclasses.replace(trainer, checkpoint_interval=0, log_interval=0))
    del lasting["nodes"]  # where the processes run, not what they do
    lasting["precision"] = resolve_precision(trainer.precision)  # may be another where it is resumed
    numbers = [dataclasses.asdict(run.architecture), dataclasses.asdict(run.schedule)]
    numbers += [lasting, *([dataclasses.asdict(run.penalty)] if run.penalty else [])]
    shape = [json.dumps(part, sort_keys=True).encode() for part in numbers]
    shape += [str(run.seed).encode(), _data_digest(run.data), _initial_weights(run)]
    if run.teacher is not None:
        shape += [str(run.distillation).encode(), save(stored_weights(run.teacher))]
    return shape


def _write_start(run: Run, files: StateFiles) -> None:
    """Write what the run starts from into its state folder."""
    run.architecture.write(files.architecture)
    if initial := _initial_weights(run):
        with atomic_path(files.initial_weights) as partial:
            partial.write_bytes(initial)
    if run.penalty is not None:
        run.penalty.write(files.penalty)
    if run.teacher is not None:
        save_model(run.teacher, files.teacher_weights, files.teacher_architecture)


def _data_digest(data: Path) -> bytes:
    """Dictionaries and sizes of the binarised text: cheap, and different for different text."""
    found = sorted(data.glob("dict.*.txt")) + sorted(data.glob("*.idx"))
    return b"".join(path.name.encode() + path.read_bytes() for path in found)


def _follow(argv: list[str], run: Run, trainer: Trainer, ownership: Ownership) -> None:
    environment = {**os.environ, **thread_variables(trainer.threads), "PYTHONUNBUFFERED": "1"}
    progress = Progress(run.name, run.schedule.updates)
    with subprocess.Popen(
        argv,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        preexec_fn=ends_with_parent(),
    ) as process:
        assert process.stdout is not None
        try:
            ownership.guard(process)
            for line in process.stdout:
                progress.read(line)
        except BaseException:
            process.kill()
            raise
    progress.log_pace(trainer.log_interval)
    ownership.check()
    if process.returncode == 0:
        return
    if progress.not_a_number:
        raise TPruneError(
            f"{run.name}: the loss or its gradient became NaN or infinite after update "
            f"{progress.last_update}; lower the learning rate (now {run.schedule.lr:g}) or the strength "
            "of the penalty, then run again"
        )
    raise TPruneError(f"{run.name}: fairseq-train failed (exit {process.returncode}):\n{progress.tail}")


def _finished_model(run: Run, files: StateFiles) -> Transformer:
    checkpoint = newest_checkpoint(files.folder)
    if checkpoint is None:
        raise TPruneError(f"{run.name}: fairseq-train ended without a checkpoint in {files.folder}")
    with torch.serialization.safe_globals([argparse.Namespace]):
        stored = torch.load(checkpoint, map_location="cpu", weights_only=True)
    done = int(stored["optimizer_history"][-1]["num_updates"])
    if done < run.schedule.updates:
        raise TPruneError(f"{run.name}: fairseq-train stopped at update {done} of {run.schedule.updates}")
    model = Transformer(Architecture.read(files.architecture))
    load_weights(model, stored["model"], checkpoint)
    return model.eval()
