"""fairseq's JSON log as lines a person can follow."""

import json
import logging
import re
import time
from dataclasses import dataclass
from pathlib import Path

_PACE = re.compile(r": (\d+) updates at (\d+\.\d+) s an update$", re.MULTILINE)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How many updates a process made, and the seconds of each as fairseq's records tell, start-up apart."""

    updates: int
    seconds_per_update: float


@dataclass
class Progress:
    """Follows one run's output; remembers how it ended."""

    name: str
    updates: int
    not_a_number: bool = False
    last_update: int = 0
    tail: str = ""
    first_update: int = 0
    first_time: float = 0.0
    last_time: float = 0.0

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
        self.last_update, self.last_time = int(record["num_updates"]), time.monotonic()
        if not self.first_update:
            self.first_update, self.first_time = self.last_update, self.last_time
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

    def log_pace(self, log_interval: int) -> None:
        """Log how fast the updates were, for `read_pace`; records come every `log_interval` updates.

        Nothing is logged where fewer than two records came.
        """
        between = self.last_update - self.first_update
        if between:
            seconds = (self.last_time - self.first_time) / between
            logger.info("%s: %d updates at %.5f s an update", self.name, between + log_interval, seconds)

    def _seconds_left(self, record: dict[str, str]) -> float | None:
        rate = float(record.get("ups", 0) or 0)
        return max(self.updates - self.last_update, 0) / rate if rate > 0 else None


def read_pace(log: Path) -> Pace | None:
    """The pace that `Progress.log_pace` wrote into `log`; None where it wrote none."""
    try:
        found = _PACE.findall(log.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    return Pace(int(found[-1][0]), float(found[-1][1])) if found else None


def _json(text: str) -> dict[str, str] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
