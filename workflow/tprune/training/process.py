"""Processes on record: who they are, whether they still run, and a child that ends with its parent."""

import ctypes
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypedDict

import psutil

from tprune.atomic import write_json
from tprune.errors import TPruneError

_CLOCK_SECONDS = 2.0  # the start is reckoned from the boot time, which moves when the clock is set
_SECONDS_TO_END = 30
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class ProcessIdentity(TypedDict):
    """A process for good: its number alone may be given to another later. `started`: epoch seconds.

    `boot` and `namespace` say which numbers are meant: containers of one machine can share its name and
    yet each count its own processes. Both are empty elsewhere than on Linux.
    """

    host: str
    boot: str
    namespace: str
    pid: int
    started: float


def host() -> str:
    """The name of this machine among those that share its files: TPRUNE_HOST, or the network's."""
    return os.environ.get("TPRUNE_HOST") or socket.gethostname()


def identities(pids: Iterable[int]) -> list[ProcessIdentity]:
    """These processes of this machine, by number."""
    boot, namespace = _boot(), _namespace()
    return [
        ProcessIdentity(
            host=host(), boot=boot, namespace=namespace, pid=pid, started=psutil.Process(pid).create_time()
        )
        for pid in pids
    ]


def write_processes(record: Path, pids: Iterable[int]) -> None:
    """Put these processes of this machine on record, atomically."""
    write_json(record, identities(pids))


def read_processes(record: Path) -> list[ProcessIdentity]:
    """The processes on record; none where the record is absent or unreadable."""
    try:
        return [
            ProcessIdentity(
                host=str(each["host"]),
                boot=str(each["boot"]),
                namespace=str(each["namespace"]),
                pid=int(each["pid"]),
                started=float(each["started"]),
            )
            for each in json.loads(record.read_text(encoding="utf-8"))
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def is_elsewhere(process: ProcessIdentity) -> bool:
    """Whether the process is another machine's or container's, so that nothing is known of it here.

    The same name with another boot is this machine, started anew.
    """
    if process["host"] != host():
        return True
    return process["boot"] == _boot() and process["namespace"] != _namespace()


def running(process: ProcessIdentity) -> psutil.Process | None:
    """The process, if it is this machine's and still runs."""
    if is_elsewhere(process) or process["boot"] != _boot():
        return None
    try:
        found = psutil.Process(process["pid"])
        same = abs(found.create_time() - process["started"]) < _CLOCK_SECONDS
        return found if same and found.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.NoSuchProcess, ValueError):
        return None


def end_processes(processes: Iterable[psutil.Process]) -> None:
    """Kill these processes and all that they started, and wait until they are gone.

    One that stays, or belongs to another user, raises TPruneError.
    """
    family: dict[psutil.Process, None] = {}  # parents first, so that none sees its child end
    for process in processes:
        try:
            family |= dict.fromkeys([process, *process.children(recursive=True)])
        except psutil.NoSuchProcess:
            continue
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied as error:
            raise TPruneError(
                f"process {process.pid} on {host()} trains here and belongs to another user; end it there"
            ) from error
    deadline = time.monotonic() + _SECONDS_TO_END
    while stuck := [process.pid for process in family if _is_alive(process)]:
        if time.monotonic() > deadline:
            raise TPruneError(f"process {stuck[0]} on {host()} cannot be ended; it may wait for a disk")
        time.sleep(0.02)


def ends_with_parent(parent: int | None = None) -> Callable[[], None] | None:
    """A `preexec_fn` by which the kernel kills the child when the thread that starts it ends.

    `parent` is its number, this process's by default. None elsewhere than on Linux.
    """
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, parent or os.getpid()

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the kernel was asked
            os.kill(os.getpid(), signal.SIGKILL)

    return ask_kernel


def _is_alive(process: psutil.Process) -> bool:
    """A zombie, which its parent has not waited for yet, does nothing any more."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _boot() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text(encoding="ascii").strip() if path.exists() else ""


def _namespace() -> str:
    path = Path("/proc/self/ns/pid")
    return str(path.readlink()) if path.is_symlink() else ""
