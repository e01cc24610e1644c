"""Where a rule's script says what it does: its log file and, for progress, the terminal."""

import logging
import sys
from pathlib import Path
from types import TracebackType

from tprune.errors import FinishedElsewhereError, TPruneError


def start(log: str | Path) -> None:
    """Send logging to the file `log` and to stderr; end on a `TPruneError` with its text alone.

    Any other exception keeps its traceback, in both places. A `FinishedElsewhereError` ends it with success:
    upon a failure the outputs, which are another process's by then, would be deleted.
    """
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(name)s: %(message)s",
        datefmt="%H:%M:%S",
        handlers=[logging.FileHandler(path, mode="w", encoding="utf-8"), logging.StreamHandler(sys.stderr)],
        force=True,
    )
    logging.captureWarnings(True)

    def say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        done = issubclass(kind, FinishedElsewhereError)
        readable = issubclass(kind, TPruneError)
        logging.getLogger("tprune").error(
            "%s%s", "" if done else "error: ", error, exc_info=None if readable else (kind, error, trace)
        )
        if done:
            sys.exit(0)

    sys.excepthook = say
