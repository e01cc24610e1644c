"""A phone that has a browser: the stand-in for `am` opens an address in Chromium, in the phone's own network.

Here the adb server is in this machine's network, as it is with a real phone, so that `adb reverse` leads from
the one to the other; it reaches adbd through a socket in the file system.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from phone import DATA, Phone

from tprune.latency.browser.opening import FLAGS

_OPEN = """
echo "$*" >>{log}
export PATH=/usr/bin:/bin HOME={home}
setsid chromium {flags} --user-data-dir={home}/profile "$5" </dev/null >/dev/null 2>&1 &
echo $! >{home}/pid
echo "Starting: Intent {{ act=$3 dat=$5 }}"
"""


class BrowserPhone(Phone):
    """As `Phone`; `opened` is what `am` was given, line by line."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._folder = folder
        self._door = folder / "door"
        self._holder: subprocess.Popen[bytes] | None = None
        self.address = f"localfilesystem:{self._door}"
        (folder / "home").mkdir()
        script = _OPEN.format(log=folder / "opened", home=folder / "home", flags=" ".join(FLAGS))
        self.stand_in("am", script)

    @property
    def opened(self) -> list[str]:
        return (self._folder / "opened").read_text(encoding="utf-8").splitlines()

    def plug_in(self) -> None:
        """Start server, network and adbd."""
        DATA.mkdir(parents=True, exist_ok=True)
        self._server = self._run(self._adb, "-L", self._socket, "server", "nodaemon")
        self._wait_for(self._server_answers)
        forward = Path(__file__).parent / "forward.py"
        up = f'ip link set lo up && exec "{sys.executable}" {forward} {self._door} 5555'
        self._holder = self._run(self._unshare, "--net", "sh", "-c", up)
        self._wait_for(self._door.exists)
        network = f"--net=/proc/{self._holder.pid}/ns/net"
        self._adbd = self._run(self._nsenter, network, self._unshare, "--mount", "sh", "-c", self._start)
        self._wait_for(lambda: self.adb("connect", self.address).startswith(("connected", "already")))

    def remove(self) -> None:
        """Leave no process and no folder behind."""
        if (pid := self._folder / "home/pid").exists():
            os.killpg(int(pid.read_text()), signal.SIGKILL)
        if self._holder is not None:
            self._holder.kill()
            self._holder.wait()
        super().remove()
