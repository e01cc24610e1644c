from pathlib import Path

import pytest

from tprune.evaluation import translate
from tprune.evaluation.hypotheses import hypotheses_path
from tprune.evaluation.lines import read_lines, write_lines


def test_pieces_become_plain_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "codes").write_text("#version: 0.2\nt h\n", encoding="utf-8")
    write_lines(tmp_path / "test.src", ["L@@ i@@ ch@@ t", "", "T@@ ag"])
    asked: list[object] = []

    def decode(directory: str, sources: list[list[str]], *how: object) -> list[list[str]]:
        asked.extend([directory, sources, how])
        return [["li@@", "ght"], [], ["the", "d@@", "ay"]]

    monkeypatch.setattr(translate, "decode", decode)
    out = tmp_path / "hypotheses"
    translate.translate_file("int8", tmp_path / "test.src", tmp_path / "codes", out, [1, 4], "int8", 2)
    pieces = [["L@@", "i@@", "ch@@", "t"], [], ["T@@", "ag"]]
    assert asked == ["int8", pieces, ("int8", 1, 2), "int8", pieces, ("int8", 4, 2)]
    assert sorted(path.name for path in out.iterdir()) == ["beam~1.txt", "beam~4.txt"]
    for beam in (1, 4):
        assert read_lines(hypotheses_path(out, beam)) == ["light", "", "the day"]
