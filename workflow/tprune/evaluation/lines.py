"""Text files of one sentence a line, as every tool of the pipeline counts lines: by line feeds alone."""

from collections.abc import Iterable
from pathlib import Path

from tprune.atomic import atomic_path


def read_lines(path: str | Path) -> list[str]:
    """The lines without their ends; other separators of Unicode, or a lone carriage return, end no line."""
    with Path(path).open(encoding="utf-8", newline="\n") as file:
        return [line.removesuffix("\n") for line in file]


def write_lines(path: str | Path, lines: Iterable[str]) -> None:
    """Write atomically; a line feed inside a line becomes a blank, so that the count holds."""
    with atomic_path(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(line.replace("\n", " ") + "\n" for line in lines)
