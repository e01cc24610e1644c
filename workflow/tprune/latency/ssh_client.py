"""Talking to a board through the system's `ssh`: one connection, held by a keeper that cleans up."""

import logging
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from tprune.errors import TPruneError

logger = logging.getLogger(__name__)

LOST = 255  # ssh's own exit status: no connection, or none any longer
ALIVE_SECONDS, ALIVE_COUNT = 5, 3  # silence that long means that the connection is lost
LEAVE_SECONDS = 30
_BUSY = "busy"
_READY = "ready"


class SshClient:
    """A board, reached as the user's ssh configuration says.

    As a context manager it holds the folder `root`/run on the board (`root` is relative to the user's
    home) for as long as the block lasts. Whatever ends the block, or this process, or the connection, the
    board itself then ends what is `watched` there and deletes `root`/run, or all of `root` unless `keep`.
    """

    def __init__(self, address: str, configuration: str, timeout: int, root: str, keep: bool) -> None:
        """`address` is [USER@]HOST[:PORT] or a Host of the configuration file ("": the user's own);
        `timeout` in seconds is how long a connection may take.
        """
        host, port = split_address(address)
        self.host, self.root = host, root
        self._timeout, self._keep = timeout, keep
        self._options = [
            *(["-F", configuration] if configuration else []),
            *(["-p", port] if port else []),
            *("-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={timeout}"),
            *("-o", f"ServerAliveInterval={ALIVE_SECONDS}", "-o", f"ServerAliveCountMax={ALIVE_COUNT}"),
        ]

    def __enter__(self) -> "SshClient":
        # A socket's path has room for some hundred letters only, which TMPDIR may exceed.
        self._folder = tempfile.TemporaryDirectory(prefix="tprune-", dir="/tmp")
        self._errors = (Path(self._folder.name) / "errors").open("w+", encoding="utf-8")
        self._options += ["-o", f"ControlPath={self._folder.name}/socket"]
        try:
            self._keeper = self._popen(
                ["-o", "ControlMaster=yes"], keeper_script(self.root, self._keep), errors=self._errors
            )
            said = self._keeper.stdout.readline().decode().strip() if self._keeper.stdout else ""
            if said != _READY:
                self._close_keeper()
                raise self._refused(said)
        except BaseException:
            self._errors.close()
            self._folder.cleanup()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            if self._close_keeper() not in (0, LOST):
                logger.warning("%s: ~/%s could not be cleaned up: %s", self.host, self.root, self._said())
        finally:
            self._errors.close()
            self._folder.cleanup()

    def watched(self, script: str) -> str:
        """The script, begun in `root` as the process that the board ends when the block does."""
        return f'cd "$HOME/{self.root}" && echo $$ > run/working && {script}'

    def run(self, script: str, stdin: bytes | IO[bytes] = b"", check: bool = True) -> str:
        """Run a script of `sh` in the user's home and return what it printed.

        With `check` an exit status other than 0 raises TPruneError, a lost connection always does.
        """
        with self._popen([], script, subprocess.PIPE) as process:
            try:
                if isinstance(stdin, bytes):
                    output, errors = process.communicate(stdin)
                else:
                    _copy(stdin, process)
                    output, errors = process.communicate()
            except BaseException:
                process.kill()
                raise
        self._check(process.returncode, errors.decode(errors="replace"), check)
        return output.decode(errors="replace")

    def lines(self, script: str) -> Iterator[str]:
        """Run a script and yield the lines it prints as they come; errors as `run` with `check`."""
        with self._popen([], script, subprocess.STDOUT) as process:
            last = ""
            try:
                process.stdin.close()  # type: ignore[union-attr]
                for line in process.stdout or ():
                    last = line.decode(errors="replace").rstrip()
                    yield last
            except BaseException:
                process.kill()
                raise
        self._check(process.returncode, last, True)

    def _popen(self, options: Sequence[str], script: str, errors: int | IO[str]) -> "subprocess.Popen[bytes]":
        command = ["ssh", *self._options, *options, "--", self.host, f"exec sh -c {shlex.quote(script)}"]
        try:
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        except FileNotFoundError as error:
            raise TPruneError(
                "there is no ssh on this machine: install an OpenSSH client (Debian: openssh-client)"
            ) from error

    def _close_keeper(self) -> int:
        """Let the keeper clean up, and return its exit status."""
        self._keeper.stdin.close()  # type: ignore[union-attr]
        try:
            return self._keeper.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            return self._keeper.wait()
        finally:
            self._keeper.stdout.close()  # type: ignore[union-attr]

    def _check(self, status: int, errors: str, check: bool) -> None:
        if status == LOST or (status and self._keeper_is_gone()):
            raise TPruneError(
                f"the connection to {self.host} was lost ({self._said() or errors.strip()}); check that the "
                "board is on, its power supply and its network, and run the rule again: nothing of an "
                "earlier measurement is lost"
            )
        if status and check:
            raise TPruneError(f"{self.host}: {errors.strip() or f'exit status {status}'}")

    def _keeper_is_gone(self) -> bool:
        """Whether the connection that all share has ended; it may take a moment to notice."""
        for _ in range(10):
            if self._keeper.poll() is not None:
                return True
            time.sleep(0.1)
        return False

    def _refused(self, said: str) -> TPruneError:
        if said == _BUSY:
            return TPruneError(
                f"{self.host} is measuring for someone else; wait until that is done (if nothing runs there, "
                f"delete ~/{self.root})"
            )
        return TPruneError(
            f"no connection to {self.host} ({self._said() or said}); check that it is on and in the network, "
            f"and that `ssh {self.host} true` works without a question (address and key belong into your "
            "ssh configuration)"
        )

    def _said(self) -> str:
        self._errors.seek(0)
        return " ".join(self._errors.read().split())


def split_address(address: str) -> tuple[str, str]:
    """[USER@]HOST[:PORT] as (USER@HOST, PORT or ""); an IPv6 address with a port stands in brackets."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        return host.replace("[", "").replace("]", ""), port
    return address.replace("[", "").replace("]", ""), ""


def keeper_script(root: str, keep: bool) -> str:
    """A script that holds `root`/run until its input ends, which it does when the other side is gone too.

    The process to end then stands in `root`/run/working.
    """
    removed = f'"$HOME/{root}/run"' if keep else f'"$HOME/{root}"'
    return f"""
trap "" HUP INT TERM PIPE
mkdir -p "$HOME/{root}" && cd "$HOME/{root}" || exit 1
if ! mkdir run 2>/dev/null; then
  if kill -0 "$(cat run/keeper 2>/dev/null)" 2>/dev/null; then echo {_BUSY}; exit 1; fi
  rm -rf run && mkdir run || exit 1
fi
echo $$ > run/keeper && echo {_READY}
cat > /dev/null
if [ -f run/working ]; then
  pid=$(cat run/working)
  kill "$pid" 2>/dev/null
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 50 ]; do
    tries=$((tries + 1)); [ $tries -lt 30 ] || kill -9 "$pid" 2>/dev/null; sleep 0.1 || sleep 1
  done
fi
cd "$HOME" && rm -rf {removed}
"""


def _copy(source: IO[bytes], process: "subprocess.Popen[bytes]") -> None:
    """Send `source` to the process; one that ends early says why through its exit status."""
    try:
        while block := source.read(1 << 20):
            process.stdin.write(block)  # type: ignore[union-attr]
    except BrokenPipeError:
        pass
