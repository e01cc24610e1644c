"""The fairseq-train command line of every training stage."""

import sys
from dataclasses import dataclass
from pathlib import Path

import torch

import tprune.fairseq_plugin.user_dir as user_dir
from tprune.training import agent, launcher
from tprune.training.generation import Generation


@dataclass(frozen=True)
class Trainer:
    """What all training stages share: the config's `training`.

    `threads` are each process's; `max_tokens` are all processes' together. The `processes` are spread evenly
    over `nodes`.
    """

    threads: int
    precision: str
    max_tokens: int
    label_smoothing: float
    clip_norm: float
    checkpoint_interval: int
    log_interval: int
    extra_arguments: tuple[str, ...] = ()
    processes: int = 1
    nodes: int = 1


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: linear warm-up to `lr`, then linear change to `end_lr` at `updates`."""

    updates: int
    lr: float
    warmup_updates: int
    end_lr: float = 0.0

    @classmethod
    def constant(cls, updates: int, lr: float) -> "Schedule":
        """For training on under a penalty: a tenth of warm-up for Adam's averages, then `lr`."""
        return cls(updates, lr, warmup_updates=updates // 10, end_lr=lr)

    @classmethod
    def decaying(cls, updates: int, lr: float) -> "Schedule":
        """For fine-tuning: a tenth of warm-up, then down to 0."""
        return cls(updates, lr, warmup_updates=updates // 10)


@dataclass(frozen=True)
class StateFiles:
    """The files fairseq-train reads and writes, in the training state's folder."""

    folder: Path

    @property
    def architecture(self) -> Path:
        """Sizes of the model."""
        return self.folder / "model.json"

    @property
    def initial_weights(self) -> Path:
        """Weights the run starts from; absent when it starts from random ones."""
        return self.folder / "initial.safetensors"

    @property
    def penalty(self) -> Path:
        """The penalty; absent when there is none."""
        return self.folder / "penalty.json"

    @property
    def teacher_weights(self) -> Path:
        """Weights of the model to learn from; absent when there is none."""
        return self.folder / "teacher.safetensors"

    @property
    def teacher_architecture(self) -> Path:
        """Sizes of the model to learn from."""
        return self.folder / "teacher.json"

    @property
    def valid_loss(self) -> Path:
        """The valid loss after each epoch."""
        return self.folder / "valid_loss.csv"

    @property
    def gradient_share(self) -> Path:
        """How strong the penalty's gradient was beside the loss's."""
        return self.folder / "gradient_share.csv"


def resolve_precision(precision: str) -> str:
    """`auto` becomes bfloat16 where the hardware multiplies it natively, else float32.

    Without such instructions (AVX-512 BF16, AMX) bfloat16 is several times slower than float32.
    """
    if precision != "auto":
        return precision
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bfloat16" if native else "float32"
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if native else "float32"


def _program(trainer: Trainer) -> list[str]:
    if trainer.processes == 1:
        return ["fairseq_cli.train"]
    if trainer.nodes == 1:
        return [agent.__name__, str(trainer.processes)]
    on_each = trainer.processes // trainer.nodes
    return [launcher.__name__, str(trainer.nodes), str(on_each), str(on_each * trainer.threads)]


def train_command(
    data: Path,
    schedule: Schedule,
    trainer: Trainer,
    seed: int,
    files: StateFiles,
    restore: Path | None,
    distillation: float = 0.0,
    follow_valid_loss: bool = False,
) -> list[str]:
    """argv of fairseq-train, going on from `restore` if it is given.

    Initial weights, penalty and teacher are used when their files are there; `distillation` is the
    teacher's weight. With `follow_valid_loss` the valid loss after each epoch is written.
    """
    argv = [sys.executable, "-m", *_program(trainer), str(data)]
    argv += ["--user-dir", str(Path(user_dir.__file__).parent)]
    argv += ["--task", "tprune_translation", "--source-lang", "src", "--target-lang", "tgt"]
    argv += ["--arch", "tprune_transformer", "--architecture-file", str(files.architecture)]
    argv += ["--criterion", "tprune_cross_entropy", "--label-smoothing", str(trainer.label_smoothing)]
    argv += ["--autocast", resolve_precision(trainer.precision)]
    argv += [
        "--optimizer",
        "fused_adam",
        "--adam-betas",
        "(0.9, 0.98)",
        "--clip-norm",
        str(trainer.clip_norm),
    ]
    argv += ["--lr", str(schedule.lr), "--lr-scheduler", "polynomial_decay"]
    argv += ["--warmup-updates", str(schedule.warmup_updates), "--end-learning-rate", str(schedule.end_lr)]
    argv += ["--total-num-update", str(schedule.updates), "--max-update", str(schedule.updates)]
    argv += [
        "--max-tokens",
        str(trainer.max_tokens // trainer.processes),
        "--required-batch-size-multiple",
        "1",
    ]
    argv += ["--seed", str(seed), "--num-workers", "0", "--distributed-world-size", "1"]
    argv += ["--skip-invalid-size-inputs-valid-test", "--disable-validation"]
    argv += ["--no-progress-bar", "--log-format", "json", "--log-interval", str(trainer.log_interval)]
    argv += ["--owner-file", str(Generation.read(files.folder).owner_file)]
    argv += ["--save-dir", str(files.folder), "--no-epoch-checkpoints", "--keep-interval-updates", "1"]
    argv += ["--save-interval-updates", str(trainer.checkpoint_interval)]
    argv += ["--initial-weights", str(files.initial_weights)] if files.initial_weights.exists() else []
    if files.penalty.exists():
        argv += ["--penalty-file", str(files.penalty), "--gradient-share-file", str(files.gradient_share)]
    if files.teacher_weights.exists():
        argv += ["--teacher-weights", str(files.teacher_weights), "--distillation", str(distillation)]
        argv += ["--teacher-architecture", str(files.teacher_architecture)]
    argv += ["--valid-loss-file", str(files.valid_loss)] if follow_valid_loss else []
    argv += ["--restore-file", str(restore)] if restore is not None else []
    return [*argv, *trainer.extra_arguments]
