"""What else the machine did while we measured."""

import os
from dataclasses import dataclass
from pathlib import Path

from tprune.latency.pinning import read

QUIET_SHARE = 0.05
_STAT = Path("/proc/stat")
_FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


@dataclass(frozen=True)
class Clock:
    """Seconds of CPU since boot, summed over all cores, and those of this process."""

    total: float
    busy: float
    stolen: float
    own: float


@dataclass(frozen=True)
class Contention:
    """Shares of the whole machine's CPU time (all cores) between two readings of the clock."""

    own: float
    others: float
    stolen: float

    @property
    def quiet(self) -> bool:
        """Whether other processes and the host took less than `QUIET_SHARE` of the machine."""
        return self.others + self.stolen < QUIET_SHARE


def read_clock(stat: Path = _STAT) -> Clock | None:
    """Read /proc/stat and this process' own times (children that ended included); None if unreadable."""
    text = read(stat)
    if not text or not text.startswith("cpu "):
        return None
    ticks = dict(zip(_FIELDS, map(int, text.splitlines()[0].split()[1:]), strict=False))
    second = os.sysconf("SC_CLK_TCK")
    total, stolen = sum(ticks.values()), ticks.get("steal", 0)
    busy = total - ticks["idle"] - ticks.get("iowait", 0) - stolen
    return Clock(total / second, busy / second, stolen / second, sum(os.times()[:4]))


def contention(before: Clock | None, after: Clock | None) -> Contention | None:
    """What happened between two readings; None where the clock could not be read or did not advance."""
    if before is None or after is None or after.total <= before.total:
        return None
    total = after.total - before.total
    own = after.own - before.own
    others = max(0.0, after.busy - before.busy - own)
    return Contention(own / total, others / total, (after.stolen - before.stolen) / total)
