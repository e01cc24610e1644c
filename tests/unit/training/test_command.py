"""The fairseq-train command line."""

import dataclasses
from pathlib import Path

import pytest
import torch

from tprune.training.command import Schedule, StateFiles, Trainer, resolve_precision, train_command

TRAINER = Trainer(2, "float32", 512, 0.1, 1.0, 50, 5, ("--patience", "3"))


def value(argv: list[str], option: str) -> str:
    return argv[argv.index(option) + 1]


def test_options_come_from_schedule_and_trainer(tmp_path: Path) -> None:
    argv = train_command(Path("data"), Schedule(100, 0.002, 10), TRAINER, 7, StateFiles(tmp_path), None)
    expected = {
        "--lr": "0.002", "--warmup-updates": "10", "--end-learning-rate": "0.0", "--max-update": "100",
        "--total-num-update": "100", "--seed": "7", "--max-tokens": "512", "--save-interval-updates": "50",
        "--autocast": "float32", "--save-dir": str(tmp_path), "--patience": "3",
    }  # fmt: skip
    assert {option: value(argv, option) for option in expected} == expected
    assert not {"--restore-file", "--penalty-file", "--initial-weights", "--teacher-weights"} & set(argv)


def test_files_of_the_state_are_used_when_they_are_there(tmp_path: Path) -> None:
    files = StateFiles(tmp_path)
    files.initial_weights.touch()
    files.penalty.touch()
    files.teacher_weights.touch()
    argv = train_command(
        Path("data"), Schedule.constant(100, 0.001), TRAINER, 7, files, tmp_path / "checkpoint_last.pt", 0.7
    )
    assert value(argv, "--teacher-weights") == str(files.teacher_weights)
    assert value(argv, "--teacher-architecture") == str(files.teacher_architecture)
    assert value(argv, "--distillation") == "0.7"
    assert value(argv, "--initial-weights") == str(files.initial_weights)
    assert value(argv, "--penalty-file") == str(files.penalty)
    assert value(argv, "--restore-file") == str(tmp_path / "checkpoint_last.pt")
    assert value(argv, "--end-learning-rate") == "0.001"


def test_processes_divide_the_batch_among_them(tmp_path: Path) -> None:
    one, four = (dataclasses.replace(TRAINER, processes=number) for number in (1, 4))
    argv, together = (
        train_command(Path("data"), Schedule(100, 0.002, 10), trainer, 7, StateFiles(tmp_path), None)
        for trainer in (one, four)
    )
    assert argv[1:4] == ["-m", "fairseq_cli.train", "data"]
    assert together[1:5] == ["-m", "tprune.training.agent", "4", "data"]
    assert (value(argv, "--max-tokens"), value(together, "--max-tokens")) == ("512", "128")


def test_nodes_share_the_processes_and_srun_is_told_the_cores_of_each(tmp_path: Path) -> None:
    spread = dataclasses.replace(TRAINER, processes=4, nodes=2)
    argv = train_command(Path("data"), Schedule(100, 0.002, 10), spread, 7, StateFiles(tmp_path), None)
    assert argv[1:7] == ["-m", "tprune.training.launcher", "2", "2", "4", "data"]
    assert value(argv, "--max-tokens") == "128"


@pytest.mark.parametrize(("native", "expected"), [(True, "bfloat16"), (False, "float32")])
def test_auto_precision_follows_the_hardware(
    monkeypatch: pytest.MonkeyPatch, native: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    assert resolve_precision("auto") == expected
    assert resolve_precision("bfloat16") == "bfloat16"


def test_auto_precision_does_not_count_emulation_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation)
    assert resolve_precision("auto") == "float32"
