"""Resuming: which folder, which checkpoint, and one training process at a time."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tprune.atomic import write_json
from tprune.errors import TPruneError
from tprune.training.owner import held, owner_record, record_owner, take_over
from tprune.training.process import ends_with_parent, read_processes, write_processes
from tprune.training.resume import newest_checkpoint, state_folder


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


@contextmanager
def sleeper() -> Iterator[subprocess.Popen]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        try:
            yield process
        finally:
            process.kill()


def put_on_record(folder: Path, *pids: int, late: float = 0, host: str | None = None) -> None:
    """The record of other processes; `late`: seconds added to the time they started."""
    write_processes(owner_record(folder), list(pids))
    found = read_processes(owner_record(folder))
    changed = [{**each, "started": each["started"] + late, "host": host or each["host"]} for each in found]
    write_json(owner_record(folder), changed)


def test_an_orphaned_script_and_its_training_are_ended(tmp_path: Path) -> None:
    with sleeper() as script, sleeper() as training:
        put_on_record(tmp_path / "state", script.pid, training.pid, late=1)
        take_over(tmp_path / "state")
        assert not psutil.pid_exists(script.pid) and not psutil.pid_exists(training.pid)


def test_another_process_of_the_same_number_is_left_alone(tmp_path: Path) -> None:
    with sleeper() as innocent:
        put_on_record(tmp_path / "state", innocent.pid, late=-1000)
        take_over(tmp_path / "state")
        assert innocent.poll() is None


def test_the_record_names_this_process_and_outlasts_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with sleeper() as training, held(folder):
        assert [each["pid"] for each in read_processes(owner_record(folder))] == [os.getpid()]
        record_owner(folder, training.pid)
        assert [each["pid"] for each in read_processes(owner_record(folder))] == [os.getpid(), training.pid]
        folder.mkdir()
        folder.rmdir()
        assert owner_record(folder).exists()
    assert list(tmp_path.iterdir()) == []


def test_a_failed_training_is_off_the_record(tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match="failed"), held(tmp_path / "state"):
        raise TPruneError("failed")
    assert not owner_record(tmp_path / "state").exists()


@pytest.mark.parametrize("text", ["", "[", "{}", "3", '[{"pid": 1}]', '["1"]'])
def test_an_unreadable_record_names_nobody(tmp_path: Path, text: str) -> None:
    owner_record(tmp_path / "state").write_text(text)
    assert read_processes(owner_record(tmp_path / "state")) == []
    take_over(tmp_path / "state")


def test_a_training_on_another_machine_is_an_error(tmp_path: Path) -> None:
    put_on_record(tmp_path / "state", os.getpid(), host="elsewhere")
    expected = rf"owner.json: a training on elsewhere \(process {os.getpid()}\)"
    with pytest.raises(TPruneError, match=expected):
        take_over(tmp_path / "state")


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
