"""Resuming: which folder, which checkpoint, and which processes there are."""

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from tprune.training.generation import Generation, claim
from tprune.training.process import (
    ProcessIdentity,
    end_processes,
    ends_with_parent,
    identities,
    is_elsewhere,
    running,
)
from tprune.training.resume import carry_over, newest_checkpoint, state_folder


def write_zip(path: Path, when: int) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data", "x" * 1000)
    os.utime(path, (when, when))


def test_a_changed_part_is_another_folder() -> None:
    first = state_folder(Path("state"), "baseline", [b"a", b"bc"])
    assert first == state_folder(Path("state"), "baseline", [b"a", b"bc"])
    assert (
        len({first, *(state_folder(Path("state"), "baseline", p) for p in ([b"ab", b"c"], [b"a", b"bd"]))})
        == 3
    )


def test_the_newest_whole_checkpoint_is_taken(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path) is None
    write_zip(tmp_path / "checkpoint_1_10.pt", 1000)
    write_zip(tmp_path / "checkpoint_1_20.pt", 2000)
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoint_1_20.pt"
    cut = tmp_path / "checkpoint_last.pt"
    cut.write_bytes((tmp_path / "checkpoint_1_20.pt").read_bytes()[:500])
    os.utime(cut, (3000, 3000))
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoint_1_20.pt"


def test_what_a_crash_saved_is_not_resumed(tmp_path: Path) -> None:
    write_zip(tmp_path / "crash.pt", 1000)
    assert newest_checkpoint(tmp_path) is None


@pytest.fixture
def generations(tmp_path: Path) -> list[Generation]:
    """Three owners after one another, the last one of now."""
    made: list[Generation] = []
    for _ in range(3):
        claimed = claim(tmp_path / "state", made[-1] if made else None, [os.getpid()])
        assert claimed is not None
        made.append(claimed)
    return made


def test_a_new_generation_goes_on_from_a_copy_of_the_newest_whole_checkpoint(
    generations: list[Generation],
) -> None:
    first, second, third = generations
    write_zip(first.folder / "checkpoint_1_10.pt", 1000)
    write_zip(second.folder / "checkpoint_1_20.pt", 500)  # by a clock that is behind the first one's
    source = second.folder / "checkpoint_1_20.pt"
    (second.folder / "log.csv").write_text("update,share\n10,0.5\n20,0.")
    (second.folder / "other.csv").write_text("update\n")
    with source.open("rb") as of_a_sleeper:  # it may still write there when it wakes
        copy = carry_over(third, "log.csv", "other.csv", "absent.csv")
        assert copy == third.folder / "checkpoint_1_20.pt" and zipfile.is_zipfile(copy)
        assert os.fstat(of_a_sleeper.fileno()).st_ino != copy.stat().st_ino
    assert (third.folder / "log.csv").read_text() == "update,share\n10,0.5\n"
    assert (third.folder / "other.csv").read_text() == "update\n"
    assert [list(each.folder.iterdir()) for each in (first, second)] == [
        [first.owner_file],
        [second.owner_file],
    ]


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_a_damaged_checkpoint_is_passed_over(generations: list[Generation], damage: str) -> None:
    first, second, third = generations
    write_zip(first.folder / "checkpoint_1_10.pt", 1000)
    write_zip(second.folder / "checkpoint_1_20.pt", 2000)
    whole = (second.folder / "checkpoint_1_20.pt").read_bytes()
    middle = len(whole) // 2
    cut, overwritten = whole[:middle], whole[:middle] + b"?" + whole[middle + 1 :]
    (second.folder / "checkpoint_1_20.pt").write_bytes(cut if damage == "cut" else overwritten)
    assert carry_over(third, "log.csv") == third.folder / "checkpoint_1_10.pt"


def test_a_newcomer_killed_before_it_copied_loses_nothing(generations: list[Generation]) -> None:
    first, _, third = generations
    write_zip(first.folder / "checkpoint_1_10.pt", 1000)
    assert carry_over(third, "log.csv") is not None


def test_the_first_generation_has_nothing_to_go_on_from(tmp_path: Path) -> None:
    first = claim(tmp_path / "state", None, [os.getpid()])
    assert first is not None and carry_over(first, "log.csv") is None


def test_a_checkpoint_of_torch_is_found_whole(generations: list[Generation]) -> None:
    _, second, third = generations
    torch.save({"weights": torch.arange(5.0)}, second.folder / "checkpoint_last.pt")
    copy = carry_over(third, "log.csv")
    assert copy is not None and torch.load(copy)["weights"].tolist() == [0, 1, 2, 3, 4]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def identity(process: subprocess.Popen, **changed: Any) -> ProcessIdentity:
    found = {**identities([process.pid])[0], **changed}
    return ProcessIdentity(**found)  # type: ignore[typeddict-item]


def test_a_process_is_known_again(sleeper: subprocess.Popen, monkeypatch: pytest.MonkeyPatch) -> None:
    found = running(identity(sleeper))
    assert found is not None and found.pid == sleeper.pid
    assert running(identity(sleeper, started=identity(sleeper)["started"] - 1000)) is None
    monkeypatch.setenv("TPRUNE_HOST", "another")
    assert is_elsewhere(identity(sleeper, host="here")) and running(identity(sleeper, host="here")) is None


def test_containers_of_one_machine_and_one_name_are_told_apart(sleeper: subprocess.Popen) -> None:
    other = identity(sleeper, namespace="pid:[1]")
    assert is_elsewhere(other) and running(other) is None


def test_before_the_machine_was_started_anew_is_over(sleeper: subprocess.Popen) -> None:
    before = identity(sleeper, boot="0123", namespace="pid:[1]")
    assert not is_elsewhere(before) and running(before) is None


def test_all_that_a_process_started_is_ended_with_it() -> None:
    with subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60"]) as shell:
        process = psutil.Process(shell.pid)
        while len(children := process.children()) < 2:
            time.sleep(0.01)
        end_processes([process])
        left = [child for child in children if child.is_running()]
        assert all(child.status() == psutil.STATUS_ZOMBIE for child in left)
    assert shell.returncode == -signal.SIGKILL


def test_a_killed_script_takes_its_training_with_it() -> None:
    if sys.platform != "linux":
        assert ends_with_parent() is None
        return
    code = (
        "import subprocess, sys; from tprune.training.process import ends_with_parent; "
        "sleep = [sys.executable, '-c', 'import time; time.sleep(60)']; "
        "child = subprocess.Popen(sleep, preexec_fn=ends_with_parent()); print(child.pid, flush=True); "
        "child.wait()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        training = psutil.Process(int(script.stdout.readline()))
        script.kill()
    psutil.wait_procs([training], timeout=10)
    assert not training.is_running() or training.status() == psutil.STATUS_ZOMBIE
