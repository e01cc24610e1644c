import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tprune.errors import TPruneError
from tprune.latency.browser import opening


def stand_in(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `script` be the only browser on the PATH."""
    program = folder / "chromium"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_without_a_browser_it_says_which_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(TPruneError, match="needs a browser on this machine, one of chromium, "),
        opening.headless(""),
    ):
        pass


def test_a_browser_that_ends_is_noticed_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, "echo no display >&2; exit 3", monkeypatch)
    with (
        opening.headless("http://localhost/") as check,
        pytest.raises(TPruneError, match="status 3: no display"),
    ):
        for _ in range(100):
            check()
            time.sleep(0.05)


def test_a_browser_ends_with_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = tmp_path / "pid"
    stand_in(tmp_path, f"echo $$ >{pid}.partial; mv {pid}.partial {pid}; exec sleep 600", monkeypatch)
    with opening.headless("http://localhost/") as check:
        wait_for(pid.exists)
        check()
        assert psutil.pid_exists(int(pid.read_text()))
    assert not psutil.pid_exists(int(pid.read_text()))


def test_a_browser_ends_with_a_process_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = tmp_path / "pid"
    stand_in(tmp_path, f"echo $$ >{pid}.partial; mv {pid}.partial {pid}; exec sleep 600", monkeypatch)
    program = (
        "import time\n"
        "from tprune.latency.browser.opening import headless\n"
        "with headless('http://localhost/'):\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, "TMPDIR": str(tmp_path)}
    ) as run:
        wait_for(pid.exists)
        run.kill()
    wait_for(lambda: not psutil.pid_exists(int(pid.read_text())))
