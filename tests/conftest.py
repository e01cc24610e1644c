"""A copy of the tree to run the workflow in, and one finished smoke run that tests share.

With two processes of pytest-xdist, as `make test` has them, one takes tests/cluster, which mostly wait for
Slurm, and tests/dag, the other all the rest, some of which measure times and so go one after the other.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parent.parent
SMOKE = ["--configfile", "config/smoke.yaml"]
# A rule and its number of jobs, as a dry run lists them; the rules that train.
JOB = re.compile(r"^(\w+) +(\d+)$", re.MULTILINE)
TRAINING = {"baseline", "bssl", "shs", "prune", "scratch"}
ORDER = ("unit", "dag", "end_to_end", "devices", "cluster")  # what fails soon comes first
MakeOnce = Callable[[str, Callable[[], Path]], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the folders of tests in this order; within a folder as they stand."""

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        return ORDER.index(folder) if folder in ORDER else len(ORDER)

    items.sort(key=place)


class TwoProcesses(LoadScopeScheduling):
    """Shares the folders of tests out between two processes of pytest-xdist."""

    def _split_scope(self, nodeid: str) -> str:
        return "beside" if nodeid.startswith(("tests/cluster/", "tests/dag/")) else "others"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> TwoProcesses:
    """Called where pytest has `--numprocesses`."""
    return TwoProcesses(config, log)


def copy_tree(target: Path) -> Path:
    """What Snakemake needs of this tree, without results."""
    for name in ("workflow", "config", "envs"):
        shutil.copytree(
            ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    shutil.copy(ROOT / "Snakefile", target)
    (target / "profiles").symlink_to("workflow/profiles")
    return target


def copy_run(source: Path, target: Path) -> Path:
    """A tree with what was made in it; times and Snakemake's records are kept, so nothing re-runs."""
    return shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)


def run_snakemake(folder: Path, *arguments: str, check: bool = True) -> str:
    """Run Snakemake in `folder` and return what it printed; progress goes to the terminal as well."""
    process = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if check and process.returncode:
        raise AssertionError(f"snakemake {' '.join(arguments)} failed:\n{process.stdout[-8000:]}")
    return process.stdout


@pytest.fixture(scope="session")
def fresh_tree(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes a new copy of the tree at every call."""
    return lambda: copy_tree(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MakeOnce:
    """Has `make` called by the first process that asks for `name`; what it made is for all to copy."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def once(name: str, make: Callable[[], Path]) -> Path:
        link = base / name
        with FileLock(base / f"{name}.lock"):
            if not link.exists():
                link.symlink_to(make())
        return link.resolve()

    return once


@pytest.fixture(scope="session")
def tree_with_corpus(
    made_once: MakeOnce,
    fresh_tree: Callable[[], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[], Path]:
    """Makes a new copy of a tree in which the smoke run's corpus is ready."""

    def make() -> Path:
        folder = fresh_tree()
        run_snakemake(folder, "results/smoke/corpus/data-bin", "--cores", "2", *SMOKE)
        return folder

    made = made_once("tree_with_corpus", make)
    return lambda: copy_run(made, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def smoke_run(
    made_once: MakeOnce,
    tree_with_corpus: Callable[[], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The folder of a finished smoke run, from the corpus to tables and figures; not to be changed."""

    def make() -> Path:
        folder = tree_with_corpus()
        run_snakemake(folder, "all", "--cores", "2", *SMOKE)
        return folder

    # A copy for each process: dry runs in it write files that must not go while another copies them.
    return copy_run(made_once("smoke_run", make), tmp_path_factory.mktemp("smoke"))


@pytest.fixture
def smoke_copy(smoke_run: Path, tmp_path: Path) -> Path:
    """A copy of the finished smoke run that a test may change."""
    return copy_run(smoke_run, tmp_path)
