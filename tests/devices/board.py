"""A board for the tests: a real sshd on loopback, with keys, a home and a PATH of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil

from tests.system_parts import need_program


class Board:
    """An sshd, started and killed as the test likes; `address` and `configuration` are for the client."""

    def __init__(self, folder: Path, python: Path) -> None:
        """`python` is the interpreter that the board has as python3."""
        self._sshd = need_program("sshd", "openssh-server")
        keygen = need_program("ssh-keygen", "openssh-client")
        self.home = folder / "home"
        self.log = folder / "sshd.log"
        self._folder = folder
        programs = folder / "bin"
        for made in (self.home, programs):
            made.mkdir(parents=True)
        (programs / "python3").write_text(f'#!/bin/sh\nexec "{python}" "$@"\n', encoding="utf-8")
        (programs / "python3").chmod(0o755)
        for name in ("host_key", "client_key"):
            subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        host_key = (folder / "host_key.pub").read_text(encoding="utf-8")
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {host_key}", encoding="utf-8")
        # pip needs what this machine tells it of its package index.
        passed = [f'"{name}={value}"' for name, value in os.environ.items() if name.startswith("PIP_")]
        path = f"{programs}:/usr/local/bin:/usr/bin:/bin"
        self._write("sshd_config", [
            f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {folder}/host_key",
            f"AuthorizedKeysFile {folder}/client_key.pub", "StrictModes no", "UsePAM no",
            "PasswordAuthentication no", "KbdInteractiveAuthentication no", f"PidFile {folder}/sshd.pid",
            "PermitRootLogin prohibit-password",
            f'SetEnv "HOME={self.home}" "PATH={path}" {" ".join(passed)}',
        ])  # fmt: skip
        self.configuration = self._write("ssh_config", [
            "Host board", "HostName 127.0.0.1", f"Port {self.port}", f"IdentityFile {folder}/client_key",
            "IdentitiesOnly yes", f"UserKnownHostsFile {folder}/known_hosts", "StrictHostKeyChecking yes",
        ])  # fmt: skip
        self.address = "board"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> Path:
        """What TPrune leaves on the board, if anything."""
        return self.home / ".cache/tprune-board"

    def start(self) -> None:
        """Start sshd and wait until it listens."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        command = [self._sshd, "-D", "-e", "-f", str(self._folder / "sshd_config")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError(self.log.read_text(encoding="utf-8"))

    def kill(self) -> None:
        """Kill sshd and its connections, but nothing that runs in them, as if the network had gone."""
        if self._process is None:
            return
        for process in psutil.Process(self._process.pid).children(recursive=True):
            # A connection has two processes: once one is killed, the other may end before its turn comes.
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.name().startswith("sshd"):
                    process.send_signal(signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._process = None

    def measuring(self) -> list[psutil.Process]:
        """Processes that run measure.pyz on the board."""
        found = []
        for process in psutil.process_iter():
            try:
                if "measure.pyz" in process.cmdline() and process.environ().get("HOME") == str(self.home):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def wait_until_left(self, seconds: float = 15) -> None:
        """Wait until nothing of TPrune runs or lies on the board."""
        end = time.monotonic() + seconds
        while self.measuring() or self.root.exists():
            assert time.monotonic() < end, f"left: {self.measuring()}, {sorted(self.root.rglob('*'))}"
            time.sleep(0.1)

    def _write(self, name: str, lines: list[str]) -> str:
        path = self._folder / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(path)
