"""The signature of the device: what a latency must be read with."""

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tprune.latency.pinning import CPUS, read

PROC = Path("/proc")
_MODEL_KEYS = ("model name", "Model", "Hardware", "cpu model", "uarch")


def device_signature(cores: Sequence[int], engine: Mapping[str, str]) -> dict[str, Any]:
    """Describe device, operating system and engine; what cannot be read is None.

    `cores` are those the process is pinned to, `engine` its name and version. Memory in bytes,
    frequency in MHz. The host's name is left out.
    """
    return {
        "device": read(Path("/proc/device-tree/model")),
        "cpu": cpu_model(read(PROC / "cpuinfo") or "") or platform.processor() or None,
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "pinned_cores": list(cores),
        "governor": _of_cores(cores, "cpufreq/scaling_governor"),
        "max_mhz": _megahertz(_of_cores(cores, "cpufreq/cpuinfo_max_freq")),
        "caches": _caches(cores[0]) if cores else {},
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.system(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "engine": dict(engine),
    }


def load_average() -> list[float] | None:
    """The 1, 5 and 15 minute load averages; None where the system does not tell."""
    try:
        return [round(value, 2) for value in os.getloadavg()]
    except OSError:
        return None


def cpu_model(cpuinfo: str) -> str | None:
    """The name of the CPU in the text of /proc/cpuinfo; on ARM its implementer and part."""
    values: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        key, separator, value = line.partition(":")
        if separator:
            values.setdefault(key.strip(), value.strip())
    for key in _MODEL_KEYS:
        if values.get(key):
            return values[key]
    if "CPU part" in values:
        return f"implementer {values.get('CPU implementer')} part {values['CPU part']}"
    return None


def _of_cores(cores: Sequence[int], name: str) -> str | None:
    """The value that all pinned cores share, or all of theirs, separated by commas."""
    values = [read(CPUS / f"cpu{core}" / name) for core in cores]
    return ",".join(dict.fromkeys(value for value in values if value)) or None


def _megahertz(kilohertz: str | None) -> float | None:
    return max(int(value) for value in kilohertz.split(",")) / 1000 if kilohertz else None


def _caches(core: int) -> dict[str, str]:
    """Sizes of the data and unified caches of a core, as {"L2": "512K"}."""
    found = {}
    for index in sorted((CPUS / f"cpu{core}/cache").glob("index*")):
        if read(index / "type") != "Instruction" and (size := read(index / "size")):
            found[f"L{read(index / 'level')}"] = size
    return found
