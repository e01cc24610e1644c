"""A job asks for the cores of all its processes."""

import re
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.conftest import SMOKE, run_snakemake

SNAKEFILE = """
include: "Snakefile"
for name in ("baseline", "bssl", "shs", "prune", "scratch"):
    print("threads of", name, getattr(rules, name).rule.resources["_cores"].value)
"""


def test_processes_that_train_together_multiply_the_threads(fresh_tree: Callable[[], Path]) -> None:
    folder = fresh_tree()
    changes = {"training": {"processes": 4, "threads": 2}, "baseline": {"threads": 3}}
    (folder / "changes.yaml").write_text(yaml.safe_dump(changes))
    (folder / "Printing").write_text(SNAKEFILE)
    printed = run_snakemake(folder, "-n", "--snakefile", "Printing", "--cores", "16", *SMOKE, "changes.yaml")
    threads = {name: int(number) for name, number in re.findall(r"threads of (\w+) (\d+)", printed)}
    assert threads == {"baseline": 12, "bssl": 8, "shs": 8, "prune": 8, "scratch": 12}
