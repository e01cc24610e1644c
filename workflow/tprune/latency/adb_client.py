"""A device behind the system's `adb`: found, spoken to, and its failures put in words."""

import logging
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tprune.errors import TPruneError

logger = logging.getLogger(__name__)

SLOWEST_BYTES_PER_SECOND = 300_000
SILENCE_SECONDS = 30  # of a running command, before the device is asked whether it is still there
LEAVE_SECONDS = 30  # for the device to clean up
_STATUS = "tprune-exit-status:"
_WAITING = ("offline", "connecting", "authorizing")
_CURES = {
    "unauthorized": "unlock it and allow this computer in the dialogue `Allow USB debugging?` (none shown: "
    "unplug it, or revoke the USB debugging authorisations in the developer options)",
    "offline": "unlock it, unplug it and plug it in again (by TCP: switch its debugging off and on)",
    "no permissions": "this user may not open the USB device: on Debian install android-udev-rules, then "
    "plug the device in again",
    "authorizing": "unlock it and allow this computer in the dialogue `Allow USB debugging?`",
    "recovery": "it is in recovery mode: start it normally",
    "sideload": "it is in sideload mode: start it normally",
    "bootloader": "it is in its bootloader: start it normally",
}


class Adb:
    """One device; commands of `sh` on it, and copies to and from it.

    Where the device does not answer, or is gone, every method raises TPruneError.
    """

    def __init__(self, serial: str, timeout: int) -> None:
        """`serial` as in `adb devices`; a command that does next to nothing may take `timeout` seconds."""
        self.serial = serial
        self._timeout = timeout

    def shell(self, script: str, check: bool = True, timeout: float | None = None) -> tuple[int, str]:
        """Run `script`; return its exit status and what it printed. With `check`, a status above 0 raises."""
        done = self._adb(["shell", "-n", "-T", _with_status(script)], timeout or self._timeout)
        printed, _, status = done.stdout.rpartition(_STATUS)
        if not status.strip().isdigit():
            raise self._error("it is gone, or does not answer", done.stdout + done.stderr)
        if check and int(status):
            raise self._error(f"`{' '.join(script.split())[:100]}` failed", printed + done.stderr)
        return int(status), printed

    def push(self, sources: Sequence[Path], target: str) -> None:
        """Copy files into the folder `target`, which must exist, or one file to the path `target`."""
        size = sum(path.stat().st_size for path in sources)
        done = self._adb(["push", *map(str, sources), target], self._of_size(size))
        if done.returncode:
            raise self._error(f"{sources[0].name} cannot be copied to {target}", done.stdout + done.stderr)

    def pull(self, source: str, target: Path, largest: int) -> None:
        """Copy a file of at most `largest` bytes from the device to the path `target`."""
        _, size = self.shell(f"wc -c < {source}")
        if int(size) > largest:
            raise TPruneError(f"{source} on {self.serial}: {size.strip()} bytes, more than {largest}")
        done = self._adb(["pull", source, str(target)], self._of_size(int(size)))
        if done.returncode:
            raise self._error(f"{source} cannot be copied from it", done.stdout + done.stderr)

    def follow(self, script: str, on_line: Callable[[str], None]) -> tuple[int, str]:
        """Run `script`, give each line it prints to `on_line`; return its exit status and its errors."""
        command = ["adb", "-s", self.serial, "shell", "-T", _with_status(script)]
        status: int | None = None
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            lines: queue.Queue[str | None] = queue.Queue()
            errors: list[str] = []
            readers = [
                threading.Thread(target=_read_lines, args=(process.stdout, lines.put), daemon=True),
                threading.Thread(target=_read_lines, args=(process.stderr, errors.append), daemon=True),
            ]
            try:
                for reader in readers:
                    reader.start()
                while (line := self._next(lines)) is not None:
                    before, mark, after = line.partition(_STATUS)
                    status = int(after) if mark and after.isdigit() else None
                    if before or not mark:
                        on_line(before)
                process.wait(self._timeout)
            except subprocess.TimeoutExpired:
                raise self._error("it has stopped answering", "") from None
            finally:
                process.kill()
            readers[1].join(self._timeout)
        said = "\n".join(line for line in errors if line is not None)
        if status is None:
            raise self._error("it was lost while the command ran", said)
        return status, said

    @contextmanager
    def holding(self, script: str) -> Iterator[str]:
        """Let `script` run beside the block; yield the first line it prints ("" if it ended without one).

        Its standard input ends with the block, with this process, or with the connection, whichever ends
        first: what it does then happens in any case, and is waited for at the end of the block.
        """
        with subprocess.Popen(
            ["adb", "-s", self.serial, "shell", "-T", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",
            start_new_session=True,  # an interrupt from the keyboard is not for it
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            timer = threading.Timer(self._timeout, process.kill)
            timer.start()
            try:
                line = process.stdout.readline().strip()
                timer.cancel()
                yield line
            finally:
                timer.cancel()
                process.stdin.close()
                try:
                    process.wait(LEAVE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()

    @contextmanager
    def reverse(self, port: int) -> Iterator[None]:
        """Let `localhost:port` on the device be this machine's, as long as the block runs."""
        done = self._adb(["reverse", f"tcp:{port}", f"tcp:{port}"], self._timeout)
        if done.returncode:
            raise self._error(f"`adb reverse` of port {port} failed", done.stdout + done.stderr)
        try:
            yield
        finally:
            self._adb(["reverse", "--remove", f"tcp:{port}"], self._timeout)

    def is_there(self) -> bool:
        """Whether the device answers."""
        try:
            self.shell("true")
        except TPruneError:
            return False
        return True

    def _next(self, lines: "queue.Queue[str | None]") -> str | None:
        """The next line, None at the end; asks after the device while none comes."""
        while True:
            try:
                return lines.get(timeout=SILENCE_SECONDS)
            except queue.Empty:
                if not self.is_there():
                    raise self._error("it no longer answers", "") from None

    def _of_size(self, size: int) -> float:
        return self._timeout + size / SLOWEST_BYTES_PER_SECOND

    def _adb(self, arguments: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
        try:
            return _run("-s", self.serial, *arguments, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise self._error(f"`adb {arguments[0]}` took more than {timeout:.0f} s", "") from None

    def _error(self, what: str, said: str) -> TPruneError:
        told = f": {' '.join(said.split())[-600:]}" if said.strip() else ""
        return TPruneError(
            f"{self.serial} (adb): {what}{told}. Check cable or network, that it is on and unlocked, its "
            "battery, and that `adb devices` shows it as `device`; then run the rule again"
        )


def connect(address: str, timeout: int) -> Adb:
    """Find the device at `address`: a serial of `adb devices`, HOST:PORT, or "" for the only one there is.

    Waits up to `timeout` seconds for one that is not ready. TPruneError says what to check where there is
    none, it is not authorised or offline, several are there, or `adb` is missing.
    """
    if shutil.which("adb") is None:
        raise TPruneError(
            "no `adb` on this machine: install Android's platform tools (Debian and Ubuntu: the package adb)"
        )
    by_network = ":" in address
    deadline = time.monotonic() + timeout
    while True:
        if by_network:
            _connect_by_network(address, timeout)
        found = _devices(timeout)
        state = _choose(address, found)
        serial = address or next(iter(found))
        if state == "device":
            return Adb(serial, timeout)
        if state not in _WAITING or time.monotonic() > deadline:
            cure = next((cure for key, cure in _CURES.items() if state.startswith(key)), "see `adb devices`")
            raise TPruneError(f"{serial} (adb) is `{state}`: {cure}; then run the rule again")
        if by_network:
            _run("disconnect", address, timeout=timeout)
        time.sleep(1)


def _with_status(script: str) -> str:
    # adb's own exit status is 0 also where the connection broke, and on old devices always.
    return f"(\n{script}\n)\necho {_STATUS}$?"


def _connect_by_network(address: str, timeout: int) -> None:
    # Its exit status is 0 also where it failed.
    try:
        done = _run("connect", address, timeout=timeout)
        said = (done.stdout + done.stderr).strip()
    except subprocess.TimeoutExpired:
        said = f"no answer in {timeout} s"
    if said.startswith("failed to authenticate"):
        return  # it is listed as unauthorized
    if not said.startswith(("connected to", "already connected to")):
        raise TPruneError(
            f"{address}: `adb connect` failed ({said}). Is the device on, in the same network and is its "
            "debugging by network on (developer options, or `adb tcpip 5555` by USB first)? Its port may "
            "have changed; one with pairing needs `adb pair` once"
        )


def _devices(timeout: int) -> dict[str, str]:
    """State by serial of all that adb knows of."""
    try:
        done = _run("devices", timeout=timeout)
    except subprocess.TimeoutExpired:
        raise TPruneError(f"`adb devices` took more than {timeout} s; try `adb kill-server`") from None
    if done.returncode:
        raise TPruneError(f"`adb devices` failed: {(done.stdout + done.stderr).strip()[-500:]}")
    lines = done.stdout.partition("List of devices attached")[2].splitlines()
    return {parts[0]: parts[1] for line in lines if len(parts := line.split("\t", 1)) == 2}


def _choose(address: str, found: dict[str, str]) -> str:
    """State of the device at `address`, or of the only one."""
    listed = ", ".join(f"{serial} ({state.split(';')[0]})" for serial, state in found.items()) or "none"
    if not address and len(found) > 1:
        raise TPruneError(
            f"several devices are connected: {listed}; put one of them in the sheet's column address"
        )
    if not found or (address and address not in found):
        raise TPruneError(
            f"{address or 'no device'}{' is not' if address else ''} among the devices that adb sees: "
            f"{listed}. Is it plugged in (with a cable that carries data), on, and USB debugging allowed in "
            "its developer options?"
        )
    return found[address] if address else next(iter(found.values()))


def _run(*arguments: str, timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["adb", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
    )


def _read_lines(file: "Sequence[str] | None", give: Callable[[str | None], None]) -> None:
    for line in file or ():
        give(line.rstrip())
    give(None)
