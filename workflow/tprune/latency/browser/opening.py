"""Opening the page without a person: in a browser of this machine, or on a phone at a cable."""

import logging
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tprune.errors import TPruneError
from tprune.latency.adb_client import connect
from tprune.latency.phone import identify, in_signature, read_condition

logger = logging.getLogger(__name__)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--disable-extensions", "--password-store=basic"),
)

# Ends the browser ("$@") with its own input, which ends with this process, however that ends.
_KEEPER = """
exec 3<&0
"$@" </dev/null 3<&- &
browser=$!
{
  cat; kill $browser
  for _ in 1 2 3 4 5; do sleep 1; kill -0 $browser || exit; done
  kill -9 $browser
} <&3 >/dev/null 2>&1 &
wait $browser
"""

Check = Callable[[], None]
"""Raises TPruneError where the browser is no longer there."""


@contextmanager
def headless(url: str) -> Iterator[Check]:
    """Open `url` in a browser of this machine without a window; it ends with the block or this process."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise TPruneError(
            f"address headless needs a browser on this machine, one of {', '.join(BROWSERS)}: install one "
            "(Debian: the package chromium), or leave the address empty and open the page yourself"
        )
    with (
        tempfile.TemporaryDirectory(prefix="tprune-browser-", ignore_cleanup_errors=True) as profile,
        (Path(profile) / "said").open("w+b") as said,
        subprocess.Popen(
            ["sh", "-c", _KEEPER, "sh", program, *FLAGS, f"--user-data-dir={profile}/profile", url],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
        ) as process,
    ):

        def check() -> None:
            if process.poll() is not None:
                said.seek(0)
                told = said.read().decode(errors="replace").strip()[-500:]
                raise TPruneError(f"{program} ended with status {process.returncode}: {told}")

        try:
            yield check
        finally:
            process.stdin.close()  # type: ignore[union-attr]
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def on_phone(
    serial: str, port: int, url: str, timeout: int
) -> Iterator[tuple[Check, Callable[[], dict[str, Any]]]]:
    """Open `url`, which is on localhost, on the phone `serial`; yields a check and what the phone is.

    Through `adb reverse` the page is a secure context there too, so it has threads.
    """
    adb = connect(serial, timeout)
    identity = identify(lambda script: adb.shell(script)[1])
    before = read_condition(lambda script: adb.shell(script)[1])

    def check() -> None:
        if not adb.is_there():
            raise TPruneError(f"{adb.serial} (adb): it no longer answers; check cable and battery")

    def signature() -> dict[str, Any]:
        return in_signature(identity, before, read_condition(lambda script: adb.shell(script)[1]))

    with adb.reverse(port):
        # The phone's shell splits the command again, hence the quotes.
        said = adb.shell(f"am start -a android.intent.action.VIEW -d '{url}'")[1]
        if "Error" in said:
            raise TPruneError(
                f"{adb.serial} (adb): no browser took the page: {' '.join(said.split())[-300:]}"
            )
        logger.info("opened on %s; keep its screen on and unlocked", identity.name or adb.serial)
        yield check, signature
