"""The teacher's translations as training text; the search itself has tests of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tprune.corpus import teacher_text
from tprune.corpus.teacher_text import translate_training_text
from tprune.errors import TPruneError

TRANSLATIONS = {
    "▁ein ▁Hund": ["▁a", "▁dog"],
    "▁ein": [],
    "▁Haus": ["▁house"],
    "▁Hund": ["▁dog", "▁dog", "▁dog"],
    "▁endlos": ["▁so"] * 64,  # as long as a translation of one piece may be
}
Lines = list[list[str]]


class Teacher:
    """Translates sentences as TRANSLATIONS has it, and can be killed on its way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: Lines = []
        self.killed_at: str | None = None
        (folder / "model").mkdir()
        (folder / "model/model.bin").write_bytes(b"weights")

    def decode(self, model: Path, sources: Lines, dtype: str, beam: int, threads: int) -> Lines:
        assert (model, dtype, threads) == (self.folder / "model", "float32", 2)
        if [self.killed_at] in sources:
            raise KeyboardInterrupt
        self.asked += sources
        return [TRANSLATIONS[" ".join(pieces)] for pieces in sources]

    def run(self, *sentences: str, beam: int = 3, max_pieces: int = 2) -> Lines:
        source = self.folder / "train.src"
        source.write_text("".join(f"{sentence}\n" for sentence in sentences), encoding="utf-8")
        outputs = [self.folder / "distilled.src", self.folder / "distilled.tgt"]
        translate_training_text(
            self.folder / "model", source, outputs, beam, 2, max_pieces, self.folder / "state"
        )
        return [path.read_text(encoding="utf-8").splitlines() for path in outputs]


@pytest.fixture
def teacher(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Teacher:
    made = Teacher(tmp_path)
    monkeypatch.setattr(teacher_text, "decode", made.decode)
    monkeypatch.setattr(teacher_text, "SENTENCES", 2)
    return made


def test_pairs_are_the_sources_and_their_translations_without_the_empty_and_the_too_long(
    teacher: Teacher, tmp_path: Path
) -> None:
    found = teacher.run("▁Haus", "▁ein", "▁Hund", "▁ein ▁Hund")
    assert found == [["▁Haus", "▁ein ▁Hund"], ["▁house", "▁a ▁dog"]]
    assert list((tmp_path / "state").iterdir()) == []


def test_a_translation_that_was_cut_teaches_nothing(teacher: Teacher) -> None:
    assert teacher.run("▁endlos", "▁Hund", max_pieces=100)[0] == ["▁Hund"]


def test_a_killed_run_goes_on_where_it_was_and_other_requests_do_not(
    teacher: Teacher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher.killed_at = "▁Hund"
    with pytest.raises(KeyboardInterrupt):
        teacher.run("▁Haus", "▁ein", "▁Hund", "▁Haus")
    assert not list(tmp_path.glob("*distilled*"))
    teacher.killed_at, teacher.asked = None, []
    assert teacher.run("▁Haus", "▁ein", "▁Hund", "▁Haus") == [["▁Haus", "▁Haus"], ["▁house", "▁house"]]
    assert teacher.asked == [["▁Hund"], ["▁Haus"]]
    teacher.killed_at = "▁Hund"
    changes: list[Callable[[], object]] = [
        lambda: teacher.run("▁Haus", "▁ein", "▁Haus", beam=4),
        lambda: (
            (tmp_path / "model/model.bin").write_bytes(b"others") and teacher.run("▁Haus", "▁ein", "▁Haus")
        ),
    ]
    for change in changes:
        with pytest.raises(KeyboardInterrupt):
            teacher.run("▁Haus", "▁ein", "▁Hund")
        teacher.asked = []
        change()
        assert teacher.asked == [["▁Haus"], ["▁ein"], ["▁Haus"]]


def test_a_teacher_that_translates_nothing_is_an_error_and_leaves_no_file(
    teacher: Teacher, tmp_path: Path
) -> None:
    with pytest.raises(TPruneError, match=r"model: no sentence of .*train\.src has a translation of 1 to 2"):
        teacher.run("▁ein", "▁Hund")
    assert not list(tmp_path.glob("*distilled*"))
