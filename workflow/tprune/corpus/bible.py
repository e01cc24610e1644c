"""Parallel text from editions of the Bible: verses paired by number, whole chapters held out.

The database has one table `bible` with bbName (the edition), bNumber, cNumber, vNumber (book, chapter,
verse) and vText.
"""

import hashlib
import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal, NamedTuple

from tprune.corpus.pairs import normalise, pair_writers
from tprune.errors import TPruneError

log = logging.getLogger(__name__)

Split = Literal["train", "valid", "test"]


class Verse(NamedTuple):
    """One verse in two editions; a side is empty where its edition has no text."""

    book: int
    chapter: int
    source: str
    target: str

    @property
    def whole(self) -> bool:
        """Whether both editions have text."""
        return bool(self.source and self.target)


def split_of_chapter(book: int, chapter: int, valid_percent: float, test_percent: float) -> Split:
    """Say where a chapter belongs, by a hash of its number alone.

    Every edition, machine and run agrees; test chapters do not depend on `valid_percent`.
    """
    digest = hashlib.sha256(f"{book}:{chapter}".encode()).digest()
    percent = 100 * int.from_bytes(digest[:8], "big") / 2**64
    if percent < test_percent:
        return "test"
    return "valid" if percent < test_percent + valid_percent else "train"


def write_bible_pairs(
    database: str | Path,
    outputs: Mapping[str, Sequence[str | Path]],
    source_editions: Sequence[str],
    target_edition: str,
    valid_percent: float,
    test_percent: float,
    books: Sequence[int] = (),
) -> None:
    """Write train, valid and test from the editions, one verse a line.

    `books` are the numbers of the books to use (none: all). Training has a pair per verse and source
    edition; valid and test have the first source edition only. A training pair either side of which is,
    word for word, a sentence of valid or test is left out: the Bible repeats itself, and no test sentence
    may have been seen.

    Raises:
        TPruneError: an edition that does not exist, or nothing left for a split.
    """
    with closing(sqlite3.connect(Path(database).resolve().as_uri() + "?mode=ro", uri=True)) as connection:
        _check_editions(connection, database, source_editions, target_edition)
        counts = {"train": 0, "valid": 0, "test": 0}
        empty = repeated = 0
        seen_sources: set[str] = set()
        seen_targets: set[str] = set()

        def verses(edition: str) -> Iterator[tuple[Split, Verse]]:
            for verse in _verses(connection, edition, target_edition, books):
                yield split_of_chapter(verse.book, verse.chapter, valid_percent, test_percent), verse

        with pair_writers(outputs) as write:
            for split, verse in verses(source_editions[0]):
                if split != "train" and verse.whole:
                    write[split](verse.source, verse.target)
                    counts[split] += 1
                    seen_sources.add(verse.source)
                    seen_targets.add(verse.target)
            for edition in source_editions:
                for split, verse in verses(edition):
                    if not verse.whole:
                        empty += 1
                    elif split == "train" and (verse.source in seen_sources or verse.target in seen_targets):
                        repeated += 1
                    elif split == "train":
                        write[split](verse.source, verse.target)
                        counts[split] += 1
            if missing := [split for split, count in counts.items() if not count]:
                raise TPruneError(
                    f"corpus.bible.valid_percent {valid_percent}, corpus.bible.test_percent {test_percent}: "
                    f"no verse falls to {', '.join(missing)}. Raise or lower them, or use more books "
                    "(corpus.bible.books)"
                )
    log.info("verses: %s", ", ".join(f"{count:,} {split}" for split, count in counts.items()))
    log.info("left out: %s verses with an empty side", f"{empty:,}")
    log.info("left out of train: %s verses that repeat a sentence of valid or test", f"{repeated:,}")


def _check_editions(
    connection: sqlite3.Connection,
    database: str | Path,
    source_editions: Sequence[str],
    target_edition: str,
) -> None:
    query = "SELECT DISTINCT bbName FROM bible ORDER BY bbName"
    try:
        editions = [name for (name,) in connection.execute(query)]
    except sqlite3.DatabaseError as error:
        raise TPruneError(f"{database}: not a database of Bible editions ({error}); remove it") from error
    for key, names in (("source_editions", source_editions), ("target_edition", [target_edition])):
        if unknown := [name for name in names if name not in editions]:
            raise TPruneError(
                f"corpus.bible.{key}: no edition {', '.join(map(repr, unknown))} in {database}. "
                f"There are: {', '.join(editions)}"
            )


def _verses(
    connection: sqlite3.Connection, source_edition: str, target_edition: str, books: Sequence[int]
) -> Iterator[Verse]:
    """Yield the verses of `source_edition` in order; one that the target lacks has an empty target."""
    rows = connection.execute(
        """
        SELECT source.bNumber, source.cNumber, source.vText, coalesce(target.vText, '')
        FROM bible AS source
        LEFT JOIN bible AS target
        ON target.bbName = ? AND target.bNumber = source.bNumber
            AND target.cNumber = source.cNumber AND target.vNumber = source.vNumber
        WHERE source.bbName = ?
        ORDER BY source.bNumber, source.cNumber, source.vNumber
        """,
        (target_edition, source_edition),
    )
    for book, chapter, source, target in rows:
        if not books or book in books:
            yield Verse(book, chapter, normalise(source), normalise(target))
