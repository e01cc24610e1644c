from pathlib import Path

import pandas as pd
import pytest
from graphs import graph, wildcards, write_measured

from tprune.config.settings import Settings
from tprune.plan.foretell import write_plan
from tprune.plan.job_graph import Job

GRAPH = graph(
    Job("baseline", {}, 2, finished=True),
    *(Job("score", wildcards(threshold=each), 1, (0,)) for each in ("0.1", "0.2")),
)


def settings(results: Path, **plan: object) -> Settings:
    return Settings.model_validate({"results_dir": str(results), "plan": {"nodes": [1], **plan}})


@pytest.mark.parametrize(
    ("plan", "per_job"),
    [
        ({"seconds_per_job": 7, "status_checks": {"first": 0.5, "step": 0, "longest": 0.5}}, 7),
        ({"submitted": False}, 0),
    ],
)
def test_the_plan_is_returned_and_written(tmp_path: Path, plan: dict[str, object], per_job: float) -> None:
    """Two jobs side by side after one; what starting them takes is as configured, or as measured."""
    write_measured(tmp_path, "baseline", 30)
    write_measured(tmp_path, "score", 4, **wildcards())
    found = settings(tmp_path, **plan)
    text = write_plan(GRAPH, GRAPH, found, found, 2, 1.5, tmp_path / "plan")
    assert (tmp_path / "plan/plan.md").read_text() == text
    assert f"2 benchmarks in {tmp_path}" in text
    rows = pd.read_csv(tmp_path / "plan/plan.csv").set_index("scope")["wall_seconds"]
    assert rows["all"] == 1.5 + 30 + 4 + 2 * per_job
    assert rows["left"] == 1.5 + 4 + per_job
