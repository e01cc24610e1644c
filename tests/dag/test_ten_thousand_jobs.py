"""A sweep of ten thousand jobs is planned by Snakemake, and by `plan`, in a minute and in two gigabytes."""

import re
import resource
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

from tests.conftest import SMOKE, run_snakemake

STRENGTHS, THRESHOLDS = 40, 36
SWEEP = {
    "results_dir": "results/sweep",
    "shs": {"strengths": [round(0.001 * (1 + each), 3) for each in range(STRENGTHS)]},
    "prune": {"thresholds": [round(0.02 * (1 + each), 2) for each in range(THRESHOLDS)]},
    "magnitude": {"matches": []},
}
# Of every point: select_lines, prune, compact, and translate and score in two dtypes.
LEAST_JOBS = STRENGTHS * THRESHOLDS * 7
SECONDS = 60
GIGABYTES = 2


def processor_seconds() -> float:
    """Of all children so far. One process works here, so that on a free machine the clock shows the same."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def peak_gigabytes(folder: Path, *arguments: str) -> float:
    """Run Snakemake as a process's only child; the most memory that it held at once."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stderr=subprocess.STDOUT)\n"
        "print('peak KB', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    argv = [sys.executable, "-c", code, sys.executable, "-m", "snakemake", *arguments]
    done = subprocess.run(argv, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout[-4000:]
    assert int(re.findall(r"^total +(\d+)$", done.stdout, re.MULTILINE)[0]) >= LEAST_JOBS
    return int(re.findall(r"^peak KB (\d+)$", done.stdout, re.MULTILINE)[0]) / 1e6


def test_a_dry_run_of_ten_thousand_jobs_is_quick_and_small(fresh_tree) -> None:
    folder = fresh_tree()
    (folder / "sweep.yaml").write_text(yaml.safe_dump(SWEEP))
    taken: list[float] = []
    # What else a machine does only adds to a time: the smaller of two tells what planning takes.
    while len(taken) < 2 and min(taken, default=SECONDS) >= SECONDS:
        before = processor_seconds()
        peak = peak_gigabytes(folder, "all", "-n", "--quiet", "rules", "--cores", "2", *SMOKE, "sweep.yaml")
        taken.append(processor_seconds() - before)
        print(f"dry run of {LEAST_JOBS} jobs and more: {taken[-1]:.1f} s, {peak:.2f} GB")
        assert peak < GIGABYTES
    assert min(taken) < SECONDS


def test_ten_thousand_jobs_are_planned_as_quickly(smoke_copy: Path) -> None:
    (smoke_copy / "sweep.yaml").write_text(
        yaml.safe_dump({**SWEEP, "plan": {"measured": SMOKE[1], "cores_per_node": 16}})
    )
    before = processor_seconds()
    run_snakemake(smoke_copy, "plan", "--cores", "1", *SMOKE, "sweep.yaml")
    assert processor_seconds() - before < SECONDS
    rows = pd.read_csv(smoke_copy / "results/sweep/plan/plan.csv").set_index(["scope", "nodes"])
    assert rows.loc[("all", 1), "jobs"] >= LEAST_JOBS
    walls, core_hours = rows.loc["all", "wall_seconds"], rows.loc[("all", 1), "core_hours"]
    assert walls[1] > walls[4] > walls[16] >= walls[64] >= rows.loc[("all", 64), "critical_path_seconds"]
    assert walls[1] >= 3600 * core_hours / 16, "more than all cores of a node can give"
