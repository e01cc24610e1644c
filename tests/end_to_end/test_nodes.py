"""A training over two nodes, both of them this machine: agents, store and gloo as on a cluster."""

import dataclasses
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import torch
from torch import Tensor

from tests.end_to_end.test_processes import run_of, started, trainer_of
from tprune.errors import TPruneError
from tprune.training.train import trained

UPDATES = 40


@pytest.fixture(scope="module")
def data(tree_with_corpus: Callable[[], Path]) -> Path:
    return tree_with_corpus() / "results/smoke/corpus/data-bin"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is a job's script, and srun starts tasks on this machine."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/srun").symlink_to(Path(__file__).with_name("local_srun.py"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "1")


def weights_of(data: Path, state: Path, nodes: int) -> dict[str, Tensor]:
    trainer = dataclasses.replace(trainer_of(2), nodes=nodes)
    with trained(run_of(data, UPDATES, 1, None, 0.1), trainer, state) as (model, _):
        return {name: value.clone() for name, value in model.state_dict().items()}


SCRIPT = """
import dataclasses, logging, sys
from pathlib import Path
from tests.end_to_end.test_processes import run_of, trained, trainer_of
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
trainer = dataclasses.replace(trainer_of(2), nodes=2)
with trained(run_of(Path(sys.argv[1]), int(sys.argv[3]), 1, None, 0.1), trainer, Path(sys.argv[2])):
    pass
"""


def running(state: Path, module: str) -> list[psutil.Process]:
    """Processes that train in `state` and were started as this module."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        argv = process.info["cmdline"] or []
        here = module in argv[1:4] and str(state) in " ".join(argv)
        if here and process.info["status"] != psutil.STATUS_ZOMBIE and "python" in argv[0]:
            found.append(process)
    return found


def all_end(state: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    modules = ("launcher", "node_agent", "worker")
    while left := [each for name in modules for each in running(state, f"tprune.training.{name}")]:
        assert time.monotonic() < deadline, [each.cmdline()[:4] for each in left]
        time.sleep(0.05)


@pytest.mark.usefixtures("cluster")
def test_two_nodes_train_what_one_does_and_a_lost_agent_ends_them(data: Path, tmp_path: Path) -> None:
    """One process on each, as two on one; what was lost is gone on from, here on one node."""
    one = weights_of(data, tmp_path / "one", 1)
    two = weights_of(data, tmp_path / "two", 2)
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=1e-5, atol=1e-6)

    state = tmp_path / "lost"
    script = started(data, state, UPDATES, SCRIPT)
    agents = running(state, "tprune.training.node_agent")
    assert len(agents) == 2
    agents[1].kill()
    printed = script.communicate(timeout=60)[0]
    assert script.returncode == 1
    assert "TPruneError: model: fairseq-train failed" in printed
    assert re.search(r"training on 2 nodes: one ended badly, and the others with it \(srun: \d+\)", printed)
    all_end(state, 5)
    resumed = weights_of(data, state, 1)
    assert all(resumed[name].equal(value) for name, value in one.items())


@pytest.mark.usefixtures("cluster")
def test_a_killed_script_leaves_no_agent(data: Path, tmp_path: Path) -> None:
    """Agents are no children of the script; they end as what they met through is gone."""
    script = started(data, tmp_path / "state", 100_000, SCRIPT)
    script.kill()
    script.communicate()
    all_end(tmp_path / "state", 30)


def test_without_slurm_nothing_begins(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    with pytest.raises(TPruneError, match=r"training\.nodes: found 2, but this is no job of Slurm"):
        weights_of(data, tmp_path / "state", 2)
    assert not (tmp_path / "state").exists()
