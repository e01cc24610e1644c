"""Sentence pairs in files of one sentence a line, always streamed, and the one way text is normalised."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from tprune.atomic import atomic_path
from tprune.errors import TPruneError

log = logging.getLogger(__name__)

SECONDS_BETWEEN_PROGRESS = 5.0

Pair = tuple[str, str]
Item = TypeVar("Item")


def normalise(text: str) -> str:
    """Put one blank where `text` has any run of white space, line separators of Unicode included.

    fairseq and sentencepiece split at different kinds of white space; after this there is only one.
    """
    return " ".join(text.split())


def progress(items: Iterable[Item], what: str, total: int | None = None) -> Iterator[Item]:
    """Yield `items`, logging every few seconds how many there were (of `total`)."""
    last = time.monotonic()
    for count, item in enumerate(items):
        # Reading the clock costs more than the work on many a line.
        if count % 256 == 0 and time.monotonic() - last > SECONDS_BETWEEN_PROGRESS:
            last = time.monotonic()
            log.info("%s: %s%s", what, f"{count:,}", f" of {total:,}" if total else "")
        yield item


def read_pairs(source: str | Path, target: str | Path) -> Iterator[Pair]:
    """Yield the pairs of two files of this workflow (UTF-8, one sentence a line)."""
    # newline="\n": a carriage return inside a line must not end it.
    with (
        Path(source).open(encoding="utf-8", newline="\n") as source_lines,
        Path(target).open(encoding="utf-8", newline="\n") as target_lines,
    ):
        try:
            for source_line, target_line in zip(source_lines, target_lines, strict=True):
                yield source_line.rstrip("\n"), target_line.rstrip("\n")
        except ValueError as error:
            raise TPruneError(
                f"{source} and {target}: not two UTF-8 files of as many lines ({error})"
            ) from error


def count_lines(path: str | Path) -> int:
    """Count the lines of a file, in constant memory."""
    with Path(path).open("rb") as lines:
        return sum(1 for _ in lines)


@contextmanager
def pair_writers(
    outputs: Mapping[str, Sequence[str | Path]],
) -> Iterator[dict[str, Callable[[str, str], None]]]:
    """Yield for each split a function that writes one pair; no file appears before all are whole.

    `outputs` names for each split the source file and the target file.
    """
    with ExitStack() as stack:
        writers: dict[str, Callable[[str, str], None]] = {}
        for split, (source, target) in outputs.items():
            # Kept open inside atomic_path: closed (and flushed) before the rename.
            source_file, target_file = (
                stack.enter_context(
                    stack.enter_context(atomic_path(path)).open("w", encoding="utf-8", newline="\n")
                )
                for path in (source, target)
            )

            def write(
                source_text: str,
                target_text: str,
                to_source: Callable[[str], int] = source_file.write,
                to_target: Callable[[str], int] = target_file.write,
            ) -> None:
                to_source(source_text + "\n")
                to_target(target_text + "\n")

            writers[split] = write
        yield writers
