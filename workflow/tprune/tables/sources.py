"""Reading what other stages wrote: a file or column that is missing is named."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from tprune.errors import TPruneError


def read_table(path: str | Path, columns: Iterable[str], separator: str = ",") -> pd.DataFrame:
    """Read a CSV that must have `columns` (others are kept).

    Raises TPruneError when the file is absent, empty or lacks a column.
    """
    try:
        table = pd.read_csv(path, sep=separator, keep_default_na=True)
    except (OSError, pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise TPruneError(
            f"{path}: cannot be read as a table ({error}); re-run the rule that makes it"
        ) from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise TPruneError(
            f"{path}: lacks the column(s) {', '.join(missing)}; found {', '.join(map(str, table.columns))}. "
            "Delete the file and run the workflow again"
        )
    return table


def read_record(path: str | Path, keys: Iterable[str] = ()) -> dict[str, Any]:
    """Read a JSON object that must have `keys`; raises TPruneError that names file and key."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TPruneError(
            f"{path}: cannot be read as JSON ({error}); re-run the rule that makes it"
        ) from error
    missing = [key for key in keys if key not in record]
    if missing:
        raise TPruneError(
            f"{path}: lacks the key(s) {', '.join(missing)}; delete the file and run the workflow again"
        )
    return record


def read_scores(path: str | Path, beam: int, keys: Iterable[str]) -> dict[str, Any]:
    """What scores.json says of a beam size; TPruneError names the file where a beam or key is missing."""
    scores = read_record(path, [str(beam)])[str(beam)]
    missing = [key for key in keys if key not in scores]
    if missing:
        raise TPruneError(f"{path}: lacks {', '.join(missing)} of beam {beam}; delete it and run again")
    return {key: scores[key] for key in keys}


def read_sentence(path: str | Path) -> str:
    """Read a text of a few lines as one line; raises TPruneError when it is absent or empty."""
    try:
        sentence = " ".join(Path(path).read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        raise TPruneError(f"{path}: not a readable text ({error}); re-run the rule that makes it") from error
    if not sentence:
        raise TPruneError(f"{path}: is empty; delete the file and run the workflow again")
    return sentence
