"""Resuming: which folder, which checkpoint, and one training process at a time."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import psutil
import pytest

from tprune.errors import TPruneError
from tprune.training.owner import record_owner, release, take_over
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


def test_an_orphan_is_ended(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as orphan:
        record_owner(tmp_path, orphan.pid)
        take_over(tmp_path)
        assert orphan.wait(10) != 0


def test_another_process_of_the_same_number_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as innocent:
        record_owner(tmp_path, innocent.pid)
        record = json.loads((tmp_path / "owner.json").read_text())
        (tmp_path / "owner.json").write_text(json.dumps({**record, "started": record["started"] - 1000}))
        take_over(tmp_path)
        assert psutil.pid_exists(innocent.pid) and innocent.poll() is None
        innocent.kill()


def test_a_training_on_another_machine_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "owner.json").write_text(json.dumps({"host": "elsewhere", "pid": 1, "started": 0}))
    with pytest.raises(TPruneError, match=r"owner.json: a training on elsewhere \(process 1\)"):
        take_over(tmp_path)
    release(tmp_path)
    take_over(tmp_path)
