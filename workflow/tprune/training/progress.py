"""fairseq's JSON log as lines a person can follow."""

import json
import logging
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass
class Progress:
    """Follows one run's output; remembers how it ended."""

    name: str
    updates: int
    not_a_number: bool = False
    last_update: int = 0
    tail: str = ""

    def read(self, line: str) -> None:
        """Take one line of fairseq-train's output; log it if it reports progress."""
        if "FloatingPointError" in line or "gradients are Nan/Inf" in line:
            self.not_a_number = True
        start = line.find("{")
        record = _json(line[start:]) if start >= 0 else None
        if record is None or "num_updates" not in record or "loss" not in record:
            self.tail = (self.tail + line)[-4000:]
            logger.debug("%s", line.rstrip())
            return
        self.last_update = int(record["num_updates"])
        left = self._seconds_left(record)
        logger.info(
            "%s: update %d of %d, loss %s, %s tokens/s%s",
            self.name,
            self.last_update,
            self.updates,
            record["loss"],
            record.get("wps", "?"),
            f", {left // 60:.0f}:{left % 60:02.0f} left" if left is not None else "",
        )

    def _seconds_left(self, record: dict[str, str]) -> float | None:
        rate = float(record.get("ups", 0) or 0)
        return max(self.updates - self.last_update, 0) / rate if rate > 0 else None


def _json(text: str) -> dict[str, str] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
