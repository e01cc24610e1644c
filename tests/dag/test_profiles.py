"""Where jobs run, by profile; and what the profile that plain `snakemake` takes leaves to others."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from snakemake.cli import parse_args

from tests.conftest import ROOT, SMOKE, run_snakemake

PROFILES = "workflow/profiles"


@pytest.fixture(autouse=True)
def in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def parsed(monkeypatch: pytest.MonkeyPatch, *arguments: str):
    """Snakemake's settings as it reads them from these arguments and the profiles."""
    monkeypatch.setattr("sys.argv", ["snakemake", *arguments])
    return parse_args(list(arguments))[1]


def test_plain_snakemake_takes_every_core(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = parsed(monkeypatch, "all")
    assert settings.cores == len(os.sched_getaffinity(0))
    assert settings.executor in (None, "local") and settings.rerun_incomplete and settings.keep_going


def test_arguments_overrule_the_default_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parsed(monkeypatch, "all", "--cores", "3").cores == 3
    jobs = parsed(monkeypatch, "all", "-j3")
    assert (jobs.cores, jobs.jobs) == (None, 3)


@pytest.mark.parametrize(("name", "executor"), [("slurm", "slurm"), ("generic", "cluster-generic")])
def test_a_cluster_is_not_bound_by_the_head_nodes_cores(
    monkeypatch: pytest.MonkeyPatch, name: str, executor: str
) -> None:
    settings = parsed(monkeypatch, "all", "--profile", f"{PROFILES}/{name}")
    assert (settings.executor, settings.cores) == (executor, None)
    assert settings.retries >= 1 and settings.jobs > 1


def test_a_site_edits_partition_and_account_only() -> None:
    profile = yaml.safe_load((ROOT / PROFILES / "slurm/config.yaml").read_text())
    assert set(profile["default-resources"]) == {"slurm_partition", "mem_mb", "runtime"}


def test_a_clusters_job_of_the_target_rivals_knows_them(
    fresh_tree: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads the Snakefile without the target on its command line, in the environment of the call."""
    folder = fresh_tree()
    assert "group_lasso" not in run_snakemake(folder, "all", "-n", *SMOKE)
    assert "group_lasso" in run_snakemake(folder, "study", "-n", *SMOKE)
    monkeypatch.setenv("TPRUNE_RIVALS", "asked")
    assert "group_lasso" in run_snakemake(folder, "all", "-n", *SMOKE)
