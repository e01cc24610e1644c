"""Pinning this process to the cores it is timed on."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from tprune.errors import TPruneError

logger = logging.getLogger(__name__)

CPUS = Path("/sys/devices/system/cpu")


def choose_cores(count: int, allowed: Iterable[int], root: Path = CPUS) -> list[int]:
    """Choose `count` of the `allowed` cores: the fastest, one thread of each physical core first.

    Fast means a high `cpu_capacity` (the kernel's measure where cores differ: big before little), then a
    high `cpufreq/cpuinfo_max_freq`; among equals the highest number, since the lowest serve most interrupts.
    Too few cores raise TPruneError.
    """
    cores = sorted(set(allowed), reverse=True)
    if count > len(cores):
        raise TPruneError(
            f"{count} threads asked, but this process may use {len(cores)} core(s); lower latency.threads, "
            "or the device's own threads in its sheet"
        )
    seen: set[str] = set()
    ranked = []
    for core in cores:
        siblings = read(root / f"cpu{core}/topology/thread_siblings_list") or str(core)
        capacity = int(read(root / f"cpu{core}/cpu_capacity") or 0)
        frequency = int(read(root / f"cpu{core}/cpufreq/cpuinfo_max_freq") or 0)
        ranked.append((siblings in seen, -capacity, -frequency, -core))
        seen.add(siblings)
    return sorted(-core for *_, core in sorted(ranked)[:count])


def pin(threads: int) -> list[int]:
    """Pin the process to `threads` cores and return them; threads started later inherit the pinning.

    To be called before the engine's models are loaded, since their threads start then. Where the system
    forbids it, as some phones do, a warning is logged and the result is empty.
    """
    cores = choose_cores(threads, os.sched_getaffinity(0))
    try:
        os.sched_setaffinity(0, cores)
    except OSError as error:
        logger.warning("not pinned to core(s) %s: %s", cores, error)
        return []
    return cores


def read(path: Path) -> str | None:
    """The text of a file of the kernel, stripped, or None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").replace("\0", "").strip()
    except OSError:
        return None
