"""A phone for the tests: Debian's adbd in a network of its own, with Android's shell and tools.

Its shell is mksh and its programs are toybox's, as on Android; it emulates aarch64. Only what Android alone
has (getprop, dumpsys, settings) are stand-ins. adbd takes anyone who reaches it for root: it listens in
its network alone. The adb server sits there too; the client speaks to it through a socket in the file system.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.system_parts import missing_part, need_program

ADDRESS = "127.0.0.1:5555"
DATA = Path("/data/local/tmp")
PROPERTIES = {
    "ro.product.manufacturer": "Fairphone",
    "ro.product.model": "FP5",
    "ro.soc.manufacturer": "QTI",
    "ro.soc.model": "QCM6490",
    "ro.build.version.release": "14",
    "ro.build.version.sdk": "34",
}
BATTERY = """Current Battery Service state:
  AC powered: false
  USB powered: true
  Wireless powered: false
  level: 87
  temperature: 284
"""
THERMAL = """IsStatusOverride: false
Thermal Status: {status}
Cached temperatures:
\tTemperature{{mValue=31.5, mType=3, mName=skin, mStatus={status}}}
"""
_START = """
mount {mount} {data}
mount --bind {shell} "$(readlink -f /bin/sh)"
export PATH={programs}
exec {adbd}
"""


class Phone:
    """A phone, plugged in and lost as the test likes; `root` is what TPrune has there.

    `environment` is what the client needs to reach it.
    """

    def __init__(self, folder: Path, storage_megabytes: int | None = None, emulator: bool = True) -> None:
        """With `storage_megabytes` its storage is that small; without `emulator` it runs no aarch64."""
        if os.geteuid() != 0:
            missing_part("a network namespace of the test's own", "needs root")
        self._adb = need_program("adb", "adb")
        self._nsenter = need_program("nsenter", "util-linux")
        self._unshare = need_program("unshare", "util-linux")
        self._programs = folder / "bin"
        self.storage = folder / "storage"
        self._log = folder / "log"
        for made in (self._programs, self.storage):
            made.mkdir(parents=True)
        toybox = need_program("toybox", "toybox")
        for name in subprocess.run([toybox], capture_output=True, text=True, check=True).stdout.split():
            (self._programs / name).symlink_to(toybox)
        if emulator:
            name = "qemu-aarch64-static"
            (self._programs / name).symlink_to(need_program(name, "qemu-user-static"))
        cases = "".join(f"{key}) echo {value};;\n" for key, value in PROPERTIES.items())
        self.stand_in("getprop", f'case "$1" in\n{cases}esac')
        self.stand_in("settings", "echo 0")
        self.set_thermal_status(0)
        small = f"-t tmpfs -o size={storage_megabytes}m none"
        self._start = _START.format(
            mount=small if storage_megabytes else f"--bind {self.storage}",
            data=DATA,
            shell=need_program("mksh", "mksh"),
            programs=self._programs,
            adbd=need_program("adbd", "adbd (bookworm-backports)"),
        )
        self._socket = f"localfilesystem:{folder}/adb.socket"
        self.environment = {"ADB_SERVER_SOCKET": self._socket, "HOME": str(folder)}
        self._made = [path for path in (DATA, *DATA.parents) if not path.exists()]
        self._server: subprocess.Popen[bytes] | None = None
        self._adbd: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> Path:
        """What lies under /data/local/tmp/tprune (of a phone with storage of the usual size)."""
        return self.storage / "tprune"

    def stand_in(self, name: str, script: str) -> None:
        """Put a program on the phone, in place of one that it may have."""
        path = self._programs / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def set_thermal_status(self, status: int) -> None:
        """What `dumpsys thermalservice` says from now on."""
        answers = f"battery) echo '{BATTERY}';;\nthermalservice) echo '{THERMAL.format(status=status)}';;"
        self.stand_in("dumpsys", f'case "$1" in\n{answers}\nesac')

    def plug_in(self) -> None:
        """Start adbd, and at the first time the server and the network that both are in."""
        DATA.mkdir(parents=True, exist_ok=True)
        if self._server is None:
            up = f'ip link set lo up && exec "{self._adb}" -L {self._socket} server nodaemon'
            self._server = self._run(self._unshare, "--net", "sh", "-c", up)
            self._wait_for(self._server_answers)  # before that, a client would start another server
        network = f"--net=/proc/{self._server.pid}/ns/net"
        self._adbd = self._run(self._nsenter, network, self._unshare, "--mount", "sh", "-c", self._start)
        self._wait_for(lambda: self.adb("connect", ADDRESS).startswith(("connected", "already")))

    def _server_answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self._socket.partition(":")[2]) == 0

    def _run(self, *command: str) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            environment = {**os.environ, **self.environment}
            return subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, self._log.read_text(encoding="utf-8")
            time.sleep(0.1)

    def adb(self, *arguments: str) -> str:
        """Run the client and return what it printed."""
        environment = {**os.environ, **self.environment}
        return subprocess.run(
            [self._adb, *arguments], env=environment, capture_output=True, text=True, check=False
        ).stdout

    def lose(self) -> None:
        """Kill adbd, but nothing that it runs, as if the cable had been pulled."""
        if self._adbd is not None:
            self._adbd.kill()
            self._adbd.wait()
            self._adbd = None

    def measuring(self) -> list[psutil.Process]:
        """Processes that run measure.pyz on the phone."""
        found = []
        for process in psutil.process_iter(["cmdline", "environ"]):
            path = (process.info["environ"] or {}).get("PATH")
            if "measure.pyz" in (process.info["cmdline"] or []) and path == str(self._programs):
                found.append(process)
        return found

    def wait_until_left(self, *left: str, seconds: float = 15) -> None:
        """Wait until nothing runs and only the bundle, and what is named in `left`, lies on the phone."""
        end = time.monotonic() + seconds
        while True:
            names = {path.name for path in self.root.iterdir() if not path.name.startswith("bundle-")}
            if not self.measuring() and names == set(left):
                return
            assert time.monotonic() < end, f"left: {self.measuring()}, {names}"
            time.sleep(0.1)

    def remove(self) -> None:
        """Leave no process and no folder behind."""
        self.lose()
        if self._server is not None:
            self._server.kill()
            self._server.wait()
        for path in self._made:
            path.rmdir()
        shutil.rmtree(self.storage)


def write_settings(folder: Path, sentences: int, cool_down: float = 0.0, keep: bool = False) -> list[str]:
    """Add the phone to a run's sheet; return the arguments that have Snakemake measure it so."""
    sheet = folder / "config/devices.tsv"
    text = sheet.read_text(encoding="utf-8")
    if ADDRESS not in text:
        sheet.write_text(f"{text}phone\tadb\t{ADDRESS}\t\t\t1\tfloat32\ta test's\n", encoding="utf-8")
    override = {
        "devices": {"keep": keep, "cool_down": cool_down},
        "latency": {"sentences": sentences, "warm_up": 2},
    }
    (folder / "phone.yaml").write_text(json.dumps(override), encoding="utf-8")
    return ["--cores", "2", "--configfile", "config/smoke.yaml", "phone.yaml"]
