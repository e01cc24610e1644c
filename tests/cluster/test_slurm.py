"""The smoke run through the profile `slurm`, undisturbed and disturbed, on a real Slurm."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
import yaml
from safetensors.torch import load_file

from tests.cluster.conftest import PROFILE, Trainings, log_of, remove_made, trainings_in, wait_for
from tests.cluster.slurm import Slurm
from tests.conftest import SMOKE, run_snakemake
from tprune.config import load_settings, memory, runtime

THROUGH_SLURM = ["--profile", PROFILE, *SMOKE]
BASELINE = "results/smoke/baseline/model.safetensors"
CONTROL = "results/smoke/shs/method~magnitude/strength~0/repeat~1/model.safetensors"
SHS = "results/smoke/shs/method~shs/strength~0.05/repeat~1/model.safetensors"
LINES = "results/smoke/bssl/strength~8/lines.csv"
POINT = "method~shs/strength~0.05/threshold~0.5/speedup~0/repeat~1"
SCORES = f"results/smoke/evaluate/{POINT}/dtype~float32/scores.json"
QUALITY = ["model", "dtype", "beam", "params", "bleu", "bleu_change_percent", "chrf", "p_value"]


@contextmanager
def started(folder: Path, *arguments: str, configuration: Sequence[str] = ()) -> Iterator[subprocess.Popen]:
    """Snakemake in the background, with further configuration; killed where the block leaves it running."""
    argv = [sys.executable, "-m", "snakemake", *arguments, *THROUGH_SLURM, *configuration]
    with (
        (folder / "snakemake.log").open("a") as log,
        subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def ends_well(process: subprocess.Popen, folder: Path, seconds: float = 240) -> None:
    assert process.wait(seconds) == 0, (folder / "snakemake.log").read_text()[-6000:]


def same_weights(one: Path, other: Path) -> bool:
    ours, theirs = load_file(one), load_file(other)
    return ours.keys() == theirs.keys() and all(ours[name].equal(value) for name, value in theirs.items())


@pytest.fixture(scope="module")
def finished(slurm: Slurm, fresh_tree: Callable[[], Path]) -> tuple[Path, list[dict[str, str]]]:
    """The folder of a smoke run, all of it through Slurm, and Slurm's jobs."""
    folder = fresh_tree()
    before = set(slurm.jobs())
    run_snakemake(folder, "all", *THROUGH_SLURM)
    return folder, [slurm.job(number) for number in slurm.jobs() if number not in before]


def of_rule(jobs: list[dict[str, str]], name: str) -> list[dict[str, str]]:
    return [job for job in jobs if job["Comment"].startswith(f"rule_{name}")]


def test_the_tables_are_those_of_a_run_on_this_machine(finished, smoke_run: Path) -> None:
    folder, _ = finished
    tables = [pd.read_csv(each / "results/smoke/tables/headline.csv") for each in (folder, smoke_run)]
    # Rows stand in the order of their speed-ups, which are measured.
    key = ["dtype", "beam", "model"]
    pd.testing.assert_frame_equal(
        *(table.sort_values(key)[QUALITY].reset_index(drop=True) for table in tables)
    )
    lines = [(each / "results/smoke/tables/lines.csv").read_text() for each in (folder, smoke_run)]
    assert lines[0] == lines[1]


def test_each_job_asks_for_what_its_rule_needs(finished) -> None:
    _, jobs = finished
    settings = load_settings(yaml.safe_load(Path("config/smoke.yaml").read_text()), "config/smoke.yaml")
    assert all(job["JobState"] == "COMPLETED" for job in jobs)
    for rule, updates in (("baseline", settings.baseline.updates), ("bssl", settings.bssl.updates)):
        assert of_rule(jobs, rule), rule
        for job in of_rule(jobs, rule):
            assert job["MinMemoryNode"] == f"{memory.training(settings)}M"
            assert job["NumCPUs"] == str(settings.training.threads)
            assert job["TimeLimit"] == f"00:{runtime.training(settings, updates):02}:00"
    (corpus,) = of_rule(jobs, "corpus")
    assert corpus["NumCPUs"] == "2", "those of its widest rule, binarise: more than a job has by itself"


def test_small_jobs_go_together(finished) -> None:
    folder, jobs = finished
    assert len(of_rule(jobs, "bssl")) == 2 and len(of_rule(jobs, "shs")) == 2
    submitted = {job["Comment"] for job in jobs}
    for rule in ("encode", "binarise", "translate", "score", "headline_table", "trade_off_figure"):
        assert not [comment for comment in submitted if comment.startswith(f"rule_{rule}")], submitted
        assert list(folder.glob(f"results/smoke/logs/**/*{rule.split('_')[0]}*")), rule
    points = len(pd.read_csv(folder / "results/smoke/tables/headline.csv")["model"].unique())
    # Corpus; baseline; bssl and shs, twice each; four to prune, and lines that another waits for; what is
    # made of each model; costs, latency and its budget.
    assert len(jobs) == 1 + 1 + 2 + 2 + 4 + 1 + points + 3, submitted


def test_what_is_timed_has_the_machine_for_itself(finished) -> None:
    _, jobs = finished
    alone = [job for job in jobs if job["OverSubscribe"] == "NO"]
    assert {job["Comment"] for job in alone} == {job["Comment"] for job in of_rule(jobs, "latency")}
    assert len(alone) >= 2
    for job in alone:
        for other in jobs:
            apart = other["EndTime"] <= job["StartTime"] or other["StartTime"] >= job["EndTime"]
            assert other is job or apart, (job["Comment"], other["Comment"])


def test_a_job_over_its_memory_is_tried_again_with_more(
    slurm: Slurm, smoke_copy: Path, smoke_run: Path
) -> None:
    remove_made(smoke_copy, "bssl/strength~8")
    before = set(slurm.jobs())
    run_snakemake(smoke_copy, LINES, *THROUGH_SLURM, "--set-resources", "bssl:mem_mb=attempt*700")
    first, second = (slurm.job(number) for number in sorted(set(slurm.jobs()) - before, key=int))
    assert (first["MinMemoryNode"], first["JobState"]) == ("700M", "FAILED")
    assert (second["MinMemoryNode"], second["JobState"]) == ("1400M", "COMPLETED")
    (log,) = (smoke_copy / ".snakemake/slurm_logs").rglob(f"{first['JobId']}.log")
    assert "exceeded memory limit" in log.read_text()
    assert (smoke_copy / LINES).read_text() == (smoke_run / LINES).read_text()


def test_a_cancelled_training_goes_on_from_its_checkpoint(
    slurm: Slurm, tree_with_corpus: Callable[[], Path], smoke_run: Path
) -> None:
    folder = tree_with_corpus()
    with started(folder, BASELINE) as snakemake:
        wait_for(lambda: list(folder.glob("results/smoke/state/baseline-*/**/*_10.pt")), "checkpoint")
        (number,) = slurm.jobs("running")
        slurm.ask("scancel", number)
        ends_well(snakemake, folder)
    assert slurm.job(number)["JobState"] == "CANCELLED"
    assert "resuming from checkpoint" in log_of(folder, "baseline/baseline")
    assert same_weights(folder / BASELINE, smoke_run / BASELINE)


def test_a_job_outlives_the_scheduler_and_asks_for_its_gpu(
    slurm: Slurm, smoke_copy: Path, smoke_run: Path
) -> None:
    remove_made(smoke_copy, "shs/method~magnitude")
    (smoke_copy / "gpu.yaml").write_text(yaml.safe_dump({"training": {"gpus": 1}}))
    with started(smoke_copy, CONTROL, configuration=["gpu.yaml"]) as snakemake:
        wait_for(lambda: list(smoke_copy.glob("results/smoke/state/magnitude-*")), "training")
        (number,) = slurm.jobs("running")
        assert "gpu:1" in slurm.job(number)["TresPerJob"]
        slurm.kill()
        slurm.start()
        ends_well(snakemake, smoke_copy)
    assert slurm.job(number)["JobState"] == "COMPLETED"
    assert same_weights(smoke_copy / CONTROL, smoke_run / CONTROL)


def test_after_a_killed_snakemake_nothing_is_trained_twice_at_once(
    slurm: Slurm, smoke_copy: Path, smoke_run: Path
) -> None:
    remove_made(smoke_copy, "shs/method~shs", f"prune/{POINT}", f"compact/{POINT}", f"evaluate/{POINT}")
    with Trainings(smoke_copy) as trainings:
        with started(smoke_copy, SCORES) as snakemake:
            ((_, training),) = wait_for(lambda: trainings_in(smoke_copy), "training")
            snakemake.kill()
        training.suspend()  # so that it is there, whatever takes long, when its training is submitted again
        (orphan,) = slurm.jobs("running")
        run_snakemake(smoke_copy, SCORES, *THROUGH_SLURM, "--unlock")
        run_snakemake(smoke_copy, SCORES, *THROUGH_SLURM)
        wait_for(lambda: orphan not in slurm.jobs("running", "completing"), "end of the orphan")
    assert f"ending process {training.pid}" in log_of(smoke_copy, "shs/method~shs/strength~0.05/repeat~1")
    assert len(trainings.most) == 2 and set(trainings.most.values()) == {1}, trainings.most
    assert (smoke_copy / SCORES).read_text() == (smoke_run / SCORES).read_text()
    assert same_weights(smoke_copy / SHS, smoke_run / SHS)
    assert not list(smoke_copy.glob("results/smoke/state/*")), "a finished run leaves no training state"
