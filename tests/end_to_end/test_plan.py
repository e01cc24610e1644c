"""The target `plan` after a finished smoke run: what it foretells is about what the run took."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.conftest import SMOKE, run_snakemake

PAGE = "results/smoke/plan/plan.md"


def plan(folder: Path, *arguments: str, **keys: object) -> pd.DataFrame:
    """Rows by (scope, nodes) of a plan with these keys under `plan`."""
    override = folder / "plan.yaml"
    override.write_text(yaml.safe_dump({"plan": keys}))
    run_snakemake(folder, "plan", "--cores", "1", *SMOKE, *arguments, override.name)
    return pd.read_csv((folder / PAGE).with_suffix(".csv")).set_index(["scope", "nodes"])


def measured_span(results: Path) -> float:
    """Seconds from the first training to the end of the last job, by the files that the jobs left."""
    ends = {path: path.stat().st_mtime for path in (results / "benchmarks").rglob("*.tsv")}
    baseline = results / "benchmarks/baseline/baseline.tsv"
    return max(ends.values()) - ends[baseline] + float(pd.read_csv(baseline, sep="\t")["s"].iloc[0])


def test_two_cores_are_foretold_as_they_were_and_one_takes_longer(smoke_copy: Path) -> None:
    two, one = (plan(smoke_copy, cores_per_node=cores, nodes=[1, 16], submitted=False) for cores in (2, 1))
    corpus = sum(
        pd.read_csv(path, sep="\t")["s"].iloc[0]
        for path in (smoke_copy / "results/smoke/benchmarks/corpus").glob("*.tsv")
    )
    foretold = two.loc[("all", 1), "wall_seconds"] - corpus
    assert foretold == pytest.approx(measured_span(smoke_copy / "results/smoke"), rel=0.2)
    assert one.loc[("all", 1), "wall_seconds"] > 1.2 * two.loc[("all", 1), "wall_seconds"]
    path = two.loc[("all", 1), "critical_path_seconds"]
    assert path <= two.loc[("all", 16), "wall_seconds"] < two.loc[("all", 1), "wall_seconds"]
    assert (two.loc["left", "jobs"] == 0).all()


def test_a_larger_sweep_is_planned_from_the_smaller_run(smoke_copy: Path) -> None:
    """Three strengths more, each with two thresholds, and training ten times as long."""
    sweep = {
        "shs": {"strengths": [0.05, 0.1, 0.2, 0.4]},
        "prune": {"fine_tuning_updates": 80},
        "results_dir": "results/large",
    }
    (smoke_copy / "large.yaml").write_text(yaml.safe_dump(sweep))
    (smoke_copy / "plan.yaml").write_text(
        yaml.safe_dump({"plan": {"measured": SMOKE[1], "cores_per_node": 2, "submitted": False}})
    )
    printed = run_snakemake(smoke_copy, "plan", "--cores", "1", *SMOKE, "large.yaml", "plan.yaml")
    text = (smoke_copy / "results/large/plan/plan.md").read_text()
    assert text in printed
    assert "prune: 10 times the work that was measured" in text and "Nothing is finished" in text
    assert "no pace of updates" not in text, "the logs of training tell it"
    rows = pd.read_csv(smoke_copy / "results/large/plan/plan.csv").set_index(["scope", "nodes"])
    small = plan(smoke_copy, cores_per_node=2, nodes=[1], submitted=False)
    assert rows.loc[("all", 1), "jobs"] > small.loc[("all", 1), "jobs"] + 3 * 2 * 6
    assert rows.loc[("all", 1), "core_hours"] > 1.5 * small.loc[("all", 1), "core_hours"]
    assert rows.loc["all", "wall_seconds"].is_monotonic_decreasing


def test_on_a_cluster_jobs_of_a_group_are_submitted_as_one(smoke_copy: Path) -> None:
    """One job at once, and a submission so dear that the wall time counts them."""
    dear = 1e6
    keys = {"jobs": 1, "seconds_per_job": dear, "cores_per_node": 2, "nodes": [1]}
    found = plan(smoke_copy, **keys).loc[("all", 1)]
    assert 10 < found["wall_seconds"] / dear < found["jobs"] / 2


def test_a_configuration_that_never_ran_is_refused(fresh_tree) -> None:
    folder = fresh_tree()
    assert "plan.measured: no benchmarks in results/smoke/benchmarks; run a smaller" in run_snakemake(
        folder, "plan", "--cores", "1", *SMOKE, check=False
    )
    assert "plan.measured: found 'none.yaml', which is not a file" in run_snakemake(
        folder, "plan", "--cores", "1", *SMOKE, "--config", "plan={'measured': 'none.yaml'}", check=False
    )
