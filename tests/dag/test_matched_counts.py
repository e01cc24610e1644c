"""Whose line counts a rival keeps, in the graph of jobs."""

import re
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.conftest import SMOKE, run_snakemake


def test_rivals_wait_for_the_point_whose_counts_they_keep(fresh_tree: Callable[[], Path]) -> None:
    folder = fresh_tree()
    changes = {
        "shs": {"strengths": [0.05, 0.1]},
        "prune": {"speedups": [1.5]},
        "own_speedups": {"heads": []},
        "repeats": {"magnitude_matched": 2},
    }
    (folder / "changes.yaml").write_text(yaml.safe_dump(changes))
    printed = run_snakemake(folder, "-n", "rivals", "--cores", "2", *SMOKE, "changes.yaml")
    point = "prune/method~{}/strength~{}/threshold~0/speedup~1.5/repeat~{}/lines.json"
    for rival, other in (
        (("magnitude_matched", "0", 1), ("shs", "0.05", 1)),
        (("magnitude_matched", "0", 2), ("shs", "0.05", 2)),
        (("random", "0", 1), ("magnitude", "0", 1)),
    ):
        lacking = rf"Missing output files: \S*{re.escape(point.format(*rival))}"
        (awaited,) = re.findall(rf"{lacking}; Input files updated by another job: (.*)", printed)
        assert point.format(*other) in awaited
