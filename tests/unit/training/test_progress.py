"""fairseq's log as progress lines, and how a failure is recognised."""

import logging

import pytest

from tprune.training.progress import Progress

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
