"""A training over two nodes of a real Slurm, both of them this machine, which lose it twice."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import torch
import yaml
from safetensors.torch import load_file

from tests.cluster.conftest import cmdline, log_of, wait_for
from tests.cluster.slurm import Slurm
from tests.cluster.test_slurm import BASELINE, ends_well, started
from tests.conftest import SMOKE, run_snakemake
from tests.system_parts import need_program

TOGETHER = {"processes": 2, "checkpoint_interval": 20}
UPDATES = 300


def configuration(nodes: int, gpus: int) -> dict[str, dict[str, int]]:
    return {"training": {**TOGETHER, "nodes": nodes, "gpus": gpus}, "baseline": {"updates": UPDATES}}


@pytest.fixture
def two_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slurm]:
    for program, package in (("munged", "munge"), ("slurmctld", "slurm-wlm"), ("slurmd", "slurm-wlm")):
        need_program(program, package)
    folder = tmp_path / "slurm"
    folder.mkdir()
    with Slurm(folder, "compute", nodes=2) as it:
        for name, value in it.settings.items():
            monkeypatch.setenv(name, value)
        yield it


def agents(folder: Path) -> dict[str, psutil.Process]:
    """torchrun on each node, by the node's name."""
    found = {}
    for process in psutil.process_iter(["cmdline", "status"]):
        if "tprune.training.node_agent" in cmdline(process)[:3] and "srun" not in cmdline(process)[0]:
            try:
                if process.cwd() == str(folder):
                    found[process.environ()["SLURMD_NODENAME"]] = process
            except psutil.Error:
                continue
    return found


def checkpoint_after(folder: Path, update: int) -> Callable[[], bool]:
    """Whether there is a checkpoint of a later update."""

    def there() -> bool:
        names = [each.stem for each in folder.glob("results/smoke/state/baseline-*/*/checkpoint_*_*.pt")]
        return any(int(name.rsplit("_", 1)[1]) > update for name in names)

    return there


def test_a_training_over_two_nodes_goes_on_after_a_lost_agent_and_a_cancelled_job(
    two_nodes: Slurm, tree_with_corpus: Callable[[], Path]
) -> None:
    folder, here = tree_with_corpus(), tree_with_corpus()
    (folder / "nodes.yaml").write_text(yaml.safe_dump(configuration(2, gpus=2)))
    (here / "nodes.yaml").write_text(yaml.safe_dump(configuration(1, gpus=0)))
    log = "baseline/baseline"
    with started(folder, BASELINE, configuration=["nodes.yaml"]) as snakemake:
        wait_for(checkpoint_after(folder, 0), "checkpoint")
        (first,) = two_nodes.jobs("running")
        running = agents(folder)
        assert set(running) == {"node1", "node2"}
        running["node2"].kill()
        wait_for(lambda: "training on 2 nodes: one ended badly" in log_of(folder, log), "error", 60)
        wait_for(lambda: two_nodes.jobs("running").keys() - {first}, "second attempt")
        (second,) = two_nodes.jobs("running")
        wait_for(lambda: set(agents(folder)) == {"node1", "node2"}, "agents of the second attempt")
        wait_for(lambda: "resuming from checkpoint" in log_of(folder, log), "resumption")
        two_nodes.ask("scancel", second)
        wait_for(lambda: second not in two_nodes.jobs("running", "completing"), "cancelled job", 60)
        wait_for(
            lambda: not [p for p in agents(folder).values() if p.environ()["SLURM_JOB_ID"] == second], "end"
        )
        ends_well(snakemake, folder)
    assert agents(folder) == {}
    (third,) = two_nodes.jobs().keys() - {first, second}
    states = [two_nodes.job(number)["JobState"] for number in (first, second, third)]
    assert states == ["FAILED", "CANCELLED", "COMPLETED"]
    asked = two_nodes.job(third)
    assert (asked["NumNodes"], asked["NumCPUs"], asked["CPUs/Task"]) == ("2", "2", "1")
    assert asked["TresPerNode"].endswith("gpu:1")  # in name only
    run_snakemake(here, BASELINE, "--cores", "2", *SMOKE, "nodes.yaml")
    ours, theirs = load_file(folder / BASELINE), load_file(here / BASELINE)
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=1e-5, atol=1e-6)
