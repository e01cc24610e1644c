"""A file is whole or absent."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tprune.atomic import atomic_path, whole_directory, write_json, write_text


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "down" / "file.txt"
    with atomic_path(target) as partial:
        partial.write_text("whole", encoding="utf-8")
        assert not target.exists()
    assert target.read_text(encoding="utf-8") == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "file.txt"
    write_text(target, "old")
    with pytest.raises(RuntimeError, match="half-way"), atomic_path(target) as partial:
        partial.write_text("ne", encoding="utf-8")
        raise RuntimeError("half-way")
    assert target.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "file.txt"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_no_file_of_that_name(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from tprune.atomic import atomic_path\n"
        "with atomic_path(sys.argv[1]) as partial:\n"
        "    partial.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    target = tmp_path / "file.txt"
    killed = subprocess.run([sys.executable, "-c", program, str(target)], check=False)
    assert killed.returncode == -9
    assert not target.exists()


def test_a_folder_is_whole_or_as_it_was_and_what_was_killed_is_cleared_away(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    (tmp_path / ".folder.123.partial").mkdir()
    with whole_directory(target) as partial:
        (partial / "file").write_text("old")
        assert not target.exists() and not (tmp_path / ".folder.123.partial").exists()
    with pytest.raises(RuntimeError, match="half-way"), whole_directory(target) as partial:
        (partial / "file").write_text("ne")
        raise RuntimeError("half-way")
    assert (target / "file").read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_text_is_utf_8(tmp_path: Path) -> None:
    write_text(tmp_path / "file.txt", "daß Gott\n")
    assert (tmp_path / "file.txt").read_bytes() == "daß Gott\n".encode()


def test_json_is_readable_by_people_and_programs(tmp_path: Path) -> None:
    write_json(tmp_path / "file.json", {"größe": [1, 2.5]})
    text = (tmp_path / "file.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"größe": [1, 2.5]}
    assert "größe" in text
    assert text.endswith("}\n")
