"""fairseq's log as progress lines, and how a failure is recognised."""

import logging
from pathlib import Path

import pytest

from tprune.training.progress import Pace, Progress, read_pace

LINE = (
    "2026-01-01 00:00:00 | INFO | train_inner | "
    '{"epoch": 1, "loss": "5.25", "wps": "2000", "ups": "0.5", "num_updates": "40", "lr": "0.001"}\n'
)


def test_a_progress_line_names_update_loss_speed_and_time_left(caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress("baseline", 100)
    with caplog.at_level(logging.INFO):
        progress.read(LINE)
    assert caplog.messages == ["baseline: update 40 of 100, loss 5.25, 2000 tokens/s, 2:00 left"]
    assert progress.last_update == 40 and not progress.not_a_number


def test_other_output_is_kept_for_an_error_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress("baseline", 100)
    with caplog.at_level(logging.INFO):
        progress.read("RuntimeError: {something} broke\n")
    assert caplog.messages == [] and "something" in progress.tail


def test_not_a_number_is_recognised() -> None:
    progress = Progress("baseline", 100)
    progress.read("FloatingPointError: gradients are Nan/Inf\n")
    assert progress.not_a_number


def test_the_pace_of_updates_is_logged_and_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A run resumed at update 20 that logs every 10: its first record counts for its updates only."""
    times = iter([100.0, 105.0, 110.0])
    monkeypatch.setattr("tprune.training.progress.time.monotonic", lambda: next(times))
    progress = Progress("baseline", 50)
    with caplog.at_level(logging.INFO):
        for update in (30, 40, 50):
            progress.read(LINE.replace('"40"', f'"{update}"'))
        progress.log_pace(10)
    log = tmp_path / "baseline.log"
    log.write_text("".join(f"12:00:00 tprune.training.progress: {line}\n" for line in caplog.messages))
    assert read_pace(log) == Pace(30, 0.5)


def test_one_record_tells_no_pace(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress("baseline", 100)
    with caplog.at_level(logging.INFO):
        progress.read(LINE)
        progress.log_pace(40)
    assert len(caplog.messages) == 1 and read_pace(tmp_path / "absent.log") is None
