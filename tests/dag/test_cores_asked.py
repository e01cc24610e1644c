"""A job asks for the cores of all its processes, and for nodes where they are on several."""

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


def test_on_several_nodes_each_has_its_part(fresh_tree: Callable[[], Path]) -> None:
    folder = fresh_tree()
    training = {"processes": 4, "nodes": 2, "threads": 2, "gpus": 4}
    (folder / "changes.yaml").write_text(yaml.safe_dump({"training": training, "baseline": {"threads": 3}}))
    snakefile = (
        SNAKEFILE
        + """
for name in ("nodes", "tasks", "mpi", "gpu", "slurm_extra"):
    print("asked of bssl:", name, rules.bssl.rule.resources[name].value)
"""
    )
    (folder / "Printing").write_text(snakefile)
    printed = run_snakemake(folder, "-n", "--snakefile", "Printing", "--cores", "16", *SMOKE, "changes.yaml")
    threads = {name: int(number) for name, number in re.findall(r"threads of (\w+) (\d+)", printed)}
    assert threads == {"baseline": 6, "bssl": 4, "shs": 4, "prune": 4, "scratch": 6}
    asked = dict(re.findall(r"asked of bssl: (\w+) (.+)", printed))
    extra = "--ntasks-per-node=1 --gpus-per-node=2"
    assert asked == {"nodes": "2", "tasks": "2", "mpi": "srun", "gpu": "4", "slurm_extra": extra}


def test_without_slurm_several_nodes_are_refused_before_any_work(fresh_tree: Callable[[], Path]) -> None:
    folder = fresh_tree()
    (folder / "changes.yaml").write_text(yaml.safe_dump({"training": {"processes": 2, "nodes": 2}}))
    for _ in range(2):  # it leaves no lock behind
        printed = run_snakemake(folder, "all", "--cores", "2", *SMOKE, "changes.yaml", check=False)
        assert "training.nodes: found 2, but this is no job of Slurm" in printed
    assert not list(folder.glob("results/smoke/*"))
