"""The profile `generic`: on a real Slurm through its sbatch; what it says to other schedulers."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.conftest import GENERIC_PROFILE, log_of, wait_for
from tests.cluster.slurm import Slurm
from tests.conftest import ROOT, SMOKE

BASELINE = "results/smoke/baseline/model.safetensors"
SCHEDULER = ROOT / GENERIC_PROFILE / "scheduler.sh"


def test_a_cancelled_job_is_noticed_and_tried_again(
    slurm: Slurm, tree_with_corpus: Callable[[], Path]
) -> None:
    folder = tree_with_corpus()
    argv = [sys.executable, "-m", "snakemake", BASELINE, "--profile", GENERIC_PROFILE, *SMOKE]
    with (
        (folder / "snakemake.log").open("w") as log,
        subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log) as snakemake,
    ):
        wait_for(lambda: list(folder.glob("results/smoke/state/baseline-*/**/*_10.pt")), "checkpoint")
        (number,) = slurm.jobs("running")
        first = slurm.job(number)
        slurm.ask("scancel", number)
        assert snakemake.wait(240) == 0, (folder / "snakemake.log").read_text()[-6000:]
    second = slurm.job(max(slurm.jobs(), key=int))
    assert int(second["MinMemoryNode"].rstrip("M")) == 2 * int(first["MinMemoryNode"].rstrip("M"))
    assert "resuming from checkpoint" in log_of(folder, "baseline/baseline") and (folder / BASELINE).exists()


@pytest.fixture
def fake(tmp_path: Path) -> Callable[..., None]:
    """Puts a command on the PATH of the next call that writes its arguments down and prints `answer`."""

    def make(name: str, answer: str = "", code: int = 0) -> None:
        path = tmp_path / name
        path.write_text(
            f"#!/bin/sh\necho {name} \"$@\" >> '{tmp_path}/calls'\ncat <<'END'\n{answer}\nEND\nexit {code}\n"
        )
        path.chmod(0o755)

    return make


def call(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    argv = [SCHEDULER, *arguments]
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


SUBMISSIONS = {
    "lsf": (
        "bsub",
        "Job <17> is submitted to queue <long>.",
        "bsub -q long -n 2 -R span[hosts=1] rusage[mem=3000MB] -M 3000MB -W 90 "
        "-o .snakemake/scheduler_logs/%J.log -gpu num=1 -x job.sh",
    ),
    "sge": (
        "qsub",
        "17",
        "qsub -terse -cwd -V -S /bin/bash -q long -pe smp 2 -l h_vmem=1500M -l h_rt=5400 -j y "
        "-o .snakemake/scheduler_logs -l gpu=1 -l exclusive=true job.sh",
    ),
    "pbs": (
        "qsub",
        "17",
        "qsub -V -q long -l select=1:ncpus=2:mem=3000mb:ngpus=1 -l walltime=5400 -j oe "
        "-o .snakemake/scheduler_logs/ -l place=excl job.sh",
    ),
}


@pytest.mark.parametrize("scheduler", SUBMISSIONS)
def test_what_is_submitted_elsewhere(scheduler: str, fake: Callable[..., None], tmp_path: Path) -> None:
    command, answer, expected = SUBMISSIONS[scheduler]
    fake(command, answer)
    assert call(tmp_path, "submit", scheduler, "long", "2", "3000", "90", "1", "1", "job.sh") == "17"
    assert (tmp_path / "calls").read_text().strip() == expected
    (tmp_path / "calls").unlink()
    call(tmp_path, "submit", scheduler, "long", "2", "3000", "90", "0", "0", "job.sh")
    plain = (tmp_path / "calls").read_text()
    assert not any(word in plain for word in ("gpu", "excl", "-x "))


STATES = [
    ("lsf", {"bjobs": "PEND"}, "running"),
    ("lsf", {"bjobs": "RUN"}, "running"),
    ("lsf", {"bjobs": "DONE"}, "success"),
    ("lsf", {"bjobs": "EXIT"}, "failed"),
    ("sge", {"qstat": "job_number: 17"}, "running"),
    ("sge", {"qacct": "failed       0\nexit_status  0"}, "success"),
    ("sge", {"qacct": "failed       0\nexit_status  137"}, "failed"),
    ("sge", {"qacct": "failed       100 : assumedly after job\nexit_status  0"}, "failed"),
    ("pbs", {"qstat": "    job_state = Q"}, "running"),
    ("pbs", {"qstat": "    job_state = R"}, "running"),
    ("pbs", {"qstat": "    job_state = F\n    Exit_status = 0"}, "success"),
    ("pbs", {"qstat": "    job_state = F\n    Exit_status = 271"}, "failed"),
    ("slurm", {"squeue": "OUT_OF_MEMORY"}, "failed"),
    ("slurm", {"squeue": "COMPLETED"}, "success"),
    ("slurm", {"squeue": "slurm_load_jobs error: Invalid job id specified", "sacct": "COMPLETED"}, "success"),
    ("slurm", {"squeue": "slurm_load_jobs error: Invalid job id specified"}, "failed"),
    ("slurm", {"squeue": "slurm_load_jobs error: Unable to contact slurm controller"}, "running"),
]


@pytest.mark.parametrize(("scheduler", "answers", "expected"), STATES, ids=str)
def test_what_states_elsewhere_mean(
    scheduler: str, answers: dict[str, str], expected: str, fake: Callable[..., None], tmp_path: Path
) -> None:
    for name in ("bjobs", "qstat", "qacct", "squeue", "sacct"):
        fake(name, answers.get(name, ""), code=name not in answers)
    assert call(tmp_path, "status", scheduler, "17") == expected


@pytest.mark.parametrize("scheduler", ["lsf", "sge", "pbs", "slurm"])
def test_a_scheduler_that_does_not_answer_lost_no_job(
    scheduler: str, fake: Callable[..., None], tmp_path: Path
) -> None:
    for name in ("bjobs", "qstat", "qacct", "sacct"):
        fake(name, code=1)
    fake("squeue", "slurm_load_jobs error: Unable to contact slurm controller", code=1)
    assert call(tmp_path, "status", scheduler, "17") == "running"
