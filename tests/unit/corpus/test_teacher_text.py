"""The teacher's translations as training text; the search itself has tests of its own."""

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
}


@pytest.fixture
def teach(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Translates these sentences as TRANSLATIONS has it; returns the lines of both files."""

    def decode(model, sources, dtype, beam, threads):
        assert (model, dtype, beam, threads) == ("model", "float32", 3, 2)
        return [TRANSLATIONS[" ".join(pieces)] for pieces in sources]

    monkeypatch.setattr(teacher_text, "decode", decode)

    def run(*sentences: str) -> list[list[str]]:
        source = tmp_path / "train.src"
        source.write_text("".join(f"{sentence}\n" for sentence in sentences), encoding="utf-8")
        outputs = [tmp_path / "distilled.src", tmp_path / "distilled.tgt"]
        translate_training_text("model", source, outputs, beam=3, threads=2, max_pieces=2)
        return [path.read_text(encoding="utf-8").splitlines() for path in outputs]

    return run


def test_pairs_are_the_sources_and_their_translations_without_the_empty_and_the_too_long(teach) -> None:
    assert teach("▁Haus", "▁ein", "▁Hund", "▁ein ▁Hund") == [["▁Haus", "▁ein ▁Hund"], ["▁house", "▁a ▁dog"]]


def test_a_teacher_that_translates_nothing_is_an_error_and_leaves_no_file(teach, tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match=r"model: no sentence of .*train\.src has a translation of 1 to 2"):
        teach("▁ein", "▁Hund")
    assert [path.name for path in tmp_path.iterdir()] == ["train.src"]
