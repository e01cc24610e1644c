"""One Slurm for all tests of this folder, and Snakemake sent through it by the profiles that ship."""

import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from tests.cluster.slurm import Slurm
from tests.conftest import ROOT
from tests.system_parts import need_program

PROFILE = "workflow/profiles/slurm"
GENERIC_PROFILE = "workflow/profiles/generic"


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    """A running Slurm that Slurm's commands, and Snakemake, find through the environment."""
    for program, package in (("munged", "munge"), ("slurmctld", "slurm-wlm"), ("slurmd", "slurm-wlm")):
        need_program(program, package)
    profile = yaml.safe_load((ROOT / PROFILE / "config.yaml").read_text())
    folder = tmp_path_factory.mktemp("slurm")
    with (
        pytest.MonkeyPatch.context() as patch,
        Slurm(folder, profile["default-resources"]["slurm_partition"]) as it,
    ):
        for name, value in it.settings.items():
            patch.setenv(name, value)
        yield it
    left = [
        process for process in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(cmdline(process))
    ]
    assert left == []


def cmdline(process: psutil.Process) -> list[str]:
    return process.info["cmdline"] or []


def wait_for(condition, what: str, seconds: float = 240):
    """Poll until `condition()` is true, and return what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not after {seconds} s"
        time.sleep(0.1)
    return found


def remove_made(folder: Path, *names: str) -> None:
    """Delete folders of results of a finished smoke run, so that the next call makes them anew."""
    for name in names:
        shutil.rmtree(folder / "results/smoke" / name)


def trainings_in(folder: Path) -> list[tuple[str, psutil.Process]]:
    """Every fairseq-train that runs for the workflow in `folder`, with its training's name."""
    found = []
    for process in psutil.process_iter(["cmdline", "status", "cwd"]):
        argv, ended = cmdline(process), process.info["status"] == psutil.STATUS_ZOMBIE
        if "fairseq_cli.train" in argv and process.info["cwd"] == str(folder) and not ended:
            name = argv[argv.index("--save-dir") + 1].partition("/state/")[2].partition("/")[0]
            found.append((name, process))
    return found


class Trainings(threading.Thread):
    """Watches, for the block, how many fairseq-train run at once for each training; `most` is by name."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.most: dict[str, int] = {}
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(0.1):
            for name, count in Counter(name for name, _ in trainings_in(self.folder)).items():
                self.most[name] = max(count, self.most.get(name, 0))

    def __enter__(self) -> "Trainings":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()


def log_of(folder: Path, rule: str) -> str:
    """A rule's log in the smoke run."""
    return (folder / f"results/smoke/logs/{rule}.log").read_text()
