"""Killed with kill -9 in mid-training, the next `snakemake` goes on and ends with the same weights."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml
from safetensors.torch import load_file

from tests.conftest import SMOKE, run_snakemake

WEIGHTS = "results/smoke/baseline/model.safetensors"
LONGER = {"baseline": {"updates": 120, "warmup_updates": 10}, "training": {"checkpoint_interval": 20}}


def arguments(folder: Path) -> list[str]:
    (folder / "longer.yaml").write_text(yaml.safe_dump(LONGER))
    return [WEIGHTS, "--cores", "2", *SMOKE, "longer.yaml"]


def wait_for(folder: Path, pattern: str, seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not list(folder.glob(pattern)):
        assert time.monotonic() < deadline, f"no {pattern} after {seconds} s"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def undisturbed(tree_with_corpus) -> dict:
    folder = tree_with_corpus()
    run_snakemake(folder, *arguments(folder))
    return load_file(folder / WEIGHTS)


@pytest.mark.parametrize("victim", ["all processes", "snakemake alone"])
def test_a_killed_run_resumes_to_the_same_weights(tree_with_corpus, undisturbed: dict, victim: str) -> None:
    folder = tree_with_corpus()
    argv = [sys.executable, "-m", "snakemake", *arguments(folder)]
    with subprocess.Popen(argv, cwd=folder, start_new_session=True) as process:
        wait_for(folder, "results/smoke/state/baseline-*/*/checkpoint_*_40.pt")
        if victim == "all processes":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    assert not (folder / WEIGHTS).exists()
    printed = run_snakemake(folder, *arguments(folder))
    # An orphan may have ended by itself: what it left is then made again.
    assert victim == "snakemake alone" or "resuming from checkpoint" in printed
    resumed = load_file(folder / WEIGHTS)
    assert all(resumed[name].equal(value) for name, value in undisturbed.items())
    assert not list(folder.glob("results/smoke/state/*")), "a finished run leaves no training state"
    training = [
        p for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])
    ]
    assert training == []
