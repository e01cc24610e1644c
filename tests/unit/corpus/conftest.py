"""Tiny corpora, made where a test asks for them."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

Verse = tuple[str, int, int, int, str]
PairFiles = dict[str, Sequence[Path]]


@pytest.fixture
def pair_files(tmp_path: Path) -> Callable[[str], PairFiles]:
    """Return a function: the name of a folder to the paths of train, valid and test in it."""

    def paths(folder: str) -> PairFiles:
        return {
            split: (tmp_path / folder / f"{split}.src", tmp_path / folder / f"{split}.tgt")
            for split in ("train", "valid", "test")
        }

    return paths


@pytest.fixture
def bible(tmp_path: Path) -> Callable[[Iterable[Verse]], Path]:
    """Return a function that makes a database of (edition, book, chapter, verse, text)."""

    def make(verses: Iterable[Verse]) -> Path:
        path = tmp_path / "bible.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(
                "CREATE TABLE bible (id INTEGER NOT NULL, bbName TEXT NOT NULL, bNumber INTEGER NOT NULL, "
                "cNumber INTEGER NOT NULL, vNumber INTEGER NOT NULL, vText TEXT NOT NULL, "
                "PRIMARY KEY (bbName, bNumber, cNumber, vNumber))"
            )
            rows = [(number, *verse) for number, verse in enumerate(verses)]
            connection.executemany("INSERT INTO bible VALUES (?, ?, ?, ?, ?, ?)", rows)
            connection.commit()
        return path

    return make


@pytest.fixture
def write_pairs() -> Callable[[PairFiles, dict[str, list[tuple[str, str]]]], None]:
    """Return a function that writes pairs of each split to their files."""

    def write(files: PairFiles, pairs: dict[str, list[tuple[str, str]]]) -> None:
        for split, rows in pairs.items():
            for side, path in enumerate(files[split]):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("".join(row[side] + "\n" for row in rows), encoding="utf-8")

    return write
