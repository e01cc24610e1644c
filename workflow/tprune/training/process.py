"""Processes on record: who they are, whether they still run, and a child that ends with its parent."""

import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import psutil

from tprune.atomic import write_json

_CLOCK_SECONDS = 2.0  # the start is reckoned from the boot time, which moves when the clock is set
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class ProcessIdentity(TypedDict):
    """A process for good: its number alone may be given to another later. `started`: epoch seconds."""

    host: str
    pid: int
    started: float


def write_processes(record: Path, pids: list[int]) -> None:
    """Put these processes of this machine on record, atomically."""
    host = socket.gethostname()
    write_json(
        record, [{"host": host, "pid": pid, "started": psutil.Process(pid).create_time()} for pid in pids]
    )


def read_processes(record: Path) -> list[ProcessIdentity]:
    """The processes on record; none where the record is absent or unreadable."""
    try:
        return [
            ProcessIdentity(host=str(each["host"]), pid=int(each["pid"]), started=float(each["started"]))
            for each in json.loads(record.read_text(encoding="utf-8"))
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def is_elsewhere(process: ProcessIdentity) -> bool:
    """Whether the process is another machine's, so that nothing is known of it here."""
    return process["host"] != socket.gethostname()


def running(process: ProcessIdentity) -> psutil.Process | None:
    """The process, if it is this machine's and still runs."""
    if is_elsewhere(process):
        return None
    try:
        found = psutil.Process(process["pid"])
        same = abs(found.create_time() - process["started"]) < _CLOCK_SECONDS
        return found if same and found.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.NoSuchProcess, ValueError):
        return None


def ends_with_parent() -> Callable[[], None] | None:
    """A `preexec_fn` by which the kernel kills the child when the thread that starts it ends.

    None elsewhere than on Linux.
    """
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the kernel was asked
            os.kill(os.getpid(), signal.SIGKILL)

    return ask_kernel
