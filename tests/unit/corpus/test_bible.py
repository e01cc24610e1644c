"""Chapters are held out whole, stably, and in every edition at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tprune.corpus.bible import split_of_chapter, write_bible_pairs
from tprune.errors import TPruneError

CHAPTERS = [(book, chapter) for book in (1, 2) for chapter in range(1, 61)]
EDITIONS = ("a", "b", "x")  # a and b: sources, x: target


def verses(editions=EDITIONS, chapters=CHAPTERS):
    for edition in editions:
        for book, chapter in chapters:
            for verse in (1, 2, 3):
                yield edition, book, chapter, verse, f"{edition} {book}:{chapter} verse {verse}"


def chapters_in(path: Path) -> set[str]:
    return {line.split()[1] for line in path.read_text().splitlines()}


def test_split_is_a_constant_of_the_chapter():
    # sha256sum of "1:1" to "1:12", as percents: 83 40 52 28 40 38 23 32 72 70 24 80
    found = [split_of_chapter(1, chapter, 25, 25) for chapter in range(1, 13)]
    assert found == [
        *("train", "valid", "train", "valid", "valid", "valid"),
        *("test", "valid", "train", "train", "test", "train"),
    ]


def test_split_does_not_depend_on_the_hash_seed_of_python():
    code = "from tprune.corpus.bible import *; print([split_of_chapter(3, c, 20, 20) for c in range(40)])"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {f"{[split_of_chapter(3, c, 20, 20) for c in range(40)]}\n".encode()}


def test_shares_are_as_asked_and_test_does_not_depend_on_valid():
    chapters = [(book, chapter) for book in range(1, 67) for chapter in range(1, 51)]
    few = {key: split_of_chapter(*key, 2, 10) for key in chapters}
    many = {key: split_of_chapter(*key, 30, 10) for key in chapters}
    tests = {key for key, split in few.items() if split == "test"}
    assert tests == {key for key, split in many.items() if split == "test"}
    assert len(tests) / len(chapters) == pytest.approx(0.10, abs=0.02)
    assert sum(split == "valid" for split in many.values()) / len(chapters) == pytest.approx(0.30, abs=0.03)


def test_whole_chapters_are_held_out_in_every_edition(bible, pair_files):
    files = pair_files("corpus")
    write_bible_pairs(bible(verses()), files, ["a", "b"], "x", valid_percent=10, test_percent=10)
    train, valid, test = (chapters_in(files[split][0]) for split in ("train", "valid", "test"))
    assert train | valid | test == {f"{book}:{chapter}" for book, chapter in CHAPTERS}
    assert not train & valid and not train & test and not valid & test
    assert valid and test
    source, target = (path.read_text().splitlines() for path in files["train"])
    assert len(source) == len(train) * 3 * 2  # a pair for each source edition
    assert [line[2:] for line in source] == [line[2:] for line in target]
    for split, chapters in (("valid", valid), ("test", test)):
        lines = files[split][0].read_text().splitlines()
        assert len(lines) == len(chapters) * 3
        assert {line[0] for line in lines} == {"a"}


def test_another_first_edition_holds_out_the_same_chapters(bible, pair_files):
    database = bible(verses())
    for edition in ("a", "b"):
        write_bible_pairs(database, pair_files(edition), [edition], "x", 10, 10)
    assert chapters_in(pair_files("a")["test"][0]) == chapters_in(pair_files("b")["test"][0])


def test_empty_sides_are_dropped_and_white_space_is_normalised(bible, pair_files, caplog):
    rows = [row for row in verses(("a", "x")) if row[:4] != ("x", 1, 1, 3)]
    rows[0] = ("a", 1, 1, 1, " two\u2028lines \r\n and\ttabs ")
    rows[1] = ("a", 1, 1, 2, "  ")
    files = pair_files("corpus")
    with caplog.at_level("INFO"):
        write_bible_pairs(bible(rows), files, ["a"], "x", 10, 10)
    lines = files["train"][0].read_text(encoding="utf-8").split("\n")
    assert lines[0] == "two lines and tabs"
    assert lines[1].startswith("a 1:2 ")
    assert "left out: 2 verses with an empty side" in caplog.text


def test_no_sentence_of_test_or_valid_is_in_training(bible, pair_files, caplog):
    held = {key for key in CHAPTERS if split_of_chapter(*key, 10, 10) != "train"}
    assert {split_of_chapter(*key, 10, 10) for key in held} == {"valid", "test"}
    rows = [
        (edition, book, chapter, verse, f"{edition} and he said" if verse == 2 else text)
        for edition, book, chapter, verse, text in verses(("a", "x"))
    ]
    files = pair_files("corpus")
    with caplog.at_level("INFO"):
        write_bible_pairs(bible(rows), files, ["a"], "x", 10, 10)
    for side in (0, 1):
        train = set(files["train"][side].read_text().splitlines())
        for split in ("valid", "test"):
            assert not train & set(files[split][side].read_text().splitlines())
    assert f"left out of train: {len(CHAPTERS) - len(held)} verses that repeat" in caplog.text


def test_only_the_books_asked_for(bible, pair_files):
    files = pair_files("corpus")
    write_bible_pairs(bible(verses()), files, ["a"], "x", 15, 15, books=[2])
    assert {key[:2] for split in files for key in chapters_in(files[split][0])} == {"2:"}


@pytest.mark.parametrize(
    ("sources", "target", "key"),
    [(["a", "q"], "x", "corpus.bible.source_editions"), (["a"], "q", "corpus.bible.target_edition")],
)
def test_unknown_edition_lists_the_known(bible, pair_files, sources, target, key):
    with pytest.raises(TPruneError, match=rf"{key}: no edition 'q' .*There are: a, b, x"):
        write_bible_pairs(bible(verses()), pair_files("corpus"), sources, target, 10, 10)


def test_nothing_held_out_is_an_error_and_writes_nothing(bible, pair_files):
    files = pair_files("corpus")
    database = bible(verses(chapters=[(1, 1), (1, 2)]))
    with pytest.raises(TPruneError, match=r"corpus\.bible\.test_percent.*valid, test"):
        write_bible_pairs(database, files, ["a"], "x", 1, 1)
    assert not any(path.exists() for paths in files.values() for path in paths)
    assert not list(files["train"][0].parent.iterdir())


def test_a_file_that_is_no_database(tmp_path, pair_files):
    path = tmp_path / "bible.db"
    path.write_text("no database " * 100)
    with pytest.raises(TPruneError, match=r"bible\.db: not a database"):
        write_bible_pairs(path, pair_files("corpus"), ["a"], "x", 10, 10)
