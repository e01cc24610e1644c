"""The frequency of the pinned cores while they work: a hot device lowers it.

Nothing here needs more than the standard library: the file also runs on a phone.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from tprune.latency.pinning import CPUS, read


class FrequencyLog:
    """Readings of the cores' frequencies in MHz, one list a block; empty where the kernel does not tell.

    `running` is what a core runs at, `limit` the highest that it is allowed, which heat lowers.
    """

    def __init__(self, cores: Sequence[int], root: Path = CPUS) -> None:
        self._folders = [root / f"cpu{core}/cpufreq" for core in cores]
        self.running: list[list[float]] = []
        self.limit: list[list[float]] = []

    def read(self) -> None:
        """Take a reading; to be called right after work, before a core that idles slows down."""
        for readings, name in ((self.running, "scaling_cur_freq"), (self.limit, "scaling_max_freq")):
            values = [read(folder / name) or "" for folder in self._folders]
            if megahertz := [int(value) / 1000 for value in values if value.isdigit()]:
                readings.append(megahertz)

    def rest(self, seconds: float) -> None:
        """Take a reading, then sleep."""
        self.read()
        time.sleep(seconds)
