"""A Slurm started by hand in a folder: munged, slurmctld and a slurmd per node, without accounting."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import psutil

from tests.system_parts import missing_part, need_program

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
MinJobAge=3600
EnforcePartLimits=ALL
GresTypes=gpu
ReturnToService=2
KillWait=5
SchedulerParameters=sched_interval=2,batch_sched_delay=0
PartitionName={partition} Nodes=ALL Default=YES MaxTime=2-0 DefMemPerCPU=100 OverSubscribe=NO
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} RealMemory={memory} "
    "Gres=gpu:1 State=UNKNOWN\n"
)
SECONDS_TO_START = 30
PROGRAMS = os.environ["PATH"]  # before any Slurm here puts its own srun first


class Slurm:
    """The daemons, for the block; every job and every process of theirs is gone after it."""

    def __init__(self, folder: Path, partition: str, nodes: int = 1) -> None:
        self.folder = folder
        host = socket.gethostname().split(".")[0]
        # Several nodes are this machine several times over.
        self.nodes = [host] if nodes == 1 else [f"node{number}" for number in range(1, nodes + 1)]
        # A job's Snakemake calls srun without SLURM_CONF, so that it looks in /etc; this srun, first on the
        # PATH, sets it again.
        srun = folder / "bin/srun"
        srun.parent.mkdir()
        real = shutil.which("srun", path=PROGRAMS) or missing_part("srun", "Debian package slurm-wlm")
        srun.write_text(f"#!/bin/sh\nSLURM_CONF='{folder}/slurm.conf' exec {real} \"$@\"\n")
        srun.chmod(0o755)
        self.settings = {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": f"{srun.parent}{os.pathsep}{PROGRAMS}",
        }
        self.environment = {**os.environ, **self.settings}
        self._running: dict[str, subprocess.Popen] = {}
        self._stack = ExitStack()
        for name in ("state", *(f"spool-{node}" for node in self.nodes)):
            (folder / name).mkdir()
        folder.chmod(0o755)
        key = folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        # A GPU in name only: what jobs ask for can be seen, and they find none.
        (folder / "gres.conf").write_text("Name=gpu File=/dev/zero\n")
        configuration = CONFIGURATION.format(
            folder=folder,
            host=host,
            user=pwd.getpwuid(os.getuid()).pw_name,
            controller_port=_free_port(),
            partition=partition,
        )
        memory = int(psutil.virtual_memory().total / 2**20 * 0.95)
        for node in self.nodes:
            configuration += NODE.format(
                name=node, host=host, port=_free_port(), cpus=os.cpu_count(), memory=memory
            )
        (folder / "slurm.conf").write_text(configuration)

    def __enter__(self) -> "Slurm":
        with ExitStack() as undo:
            undo.callback(self._end)
            self._start("munged", "--foreground", "--force", *self._munge_files())
            self._wait_for((self.folder / "munge.socket").exists, "munged's socket")
            self.start()
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def start(self) -> None:
        """Start controller and node daemons, and wait until every node takes jobs."""
        self._start("slurmctld", "-D")
        for node in self.nodes:
            self._start("slurmd", "-D", "-N", node)
        usable = {"idle", "mixed", "allocated"}

        def all_take_jobs() -> bool:
            states = self.ask("sinfo", "-h", "-N", "-o", "%T").split()
            return len(states) == len(self.nodes) and usable.issuperset(states)

        self._wait_for(all_take_jobs, "nodes that take jobs")

    def kill(self) -> None:
        """End controller and node daemons with SIGKILL; what their jobs run goes on."""
        for name in [each for each in self._running if each.startswith("slurm")]:
            self._running[name].kill()
            self._running.pop(name).wait()

    def ask(self, *command: str) -> str:
        """What one of Slurm's commands prints; nothing when it fails."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else ""

    def job(self, number: str) -> dict[str, str]:
        """What Slurm says of a job: threads, memory, run time and more, by its names for them."""
        shown = self.ask("scontrol", "show", "job", "--oneliner", number)
        return dict(part.split("=", 1) for part in shown.split() if "=" in part)

    def jobs(self, *states: str) -> dict[str, str]:
        """Names of the rules or groups of jobs in these states, by job id."""
        printed = self.ask("squeue", "-h", "-o", "%i %k", "--states", ",".join(states or ("all",)))
        return dict(line.split(" ", 1) for line in printed.splitlines())

    def _munge_files(self) -> list[str]:
        names = {
            "socket": "socket",
            "key-file": "key",
            "log-file": "log",
            "pid-file": "pid",
            "seed-file": "seed",
        }
        return [f"--{option}={self.folder}/munge.{name}" for option, name in names.items()]

    def _start(self, name: str, *arguments: str) -> None:
        argv = [need_program(name, "slurm-wlm, munge"), *arguments]
        name = "-".join([name, *arguments[2:]]) if name == "slurmd" else name
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(argv, env=self.environment, stdout=log, stderr=log)

    def _wait_for(self, ready, what: str) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while not ready():
            for name, process in self._running.items():
                if process.poll() is not None:
                    raise AssertionError(
                        f"{name} ended:\n{(self.folder / f'{name}.log').read_text()[-2000:]}"
                    )
            assert time.monotonic() < deadline, f"no {what} after {SECONDS_TO_START} s"
            time.sleep(0.1)

    def _end(self) -> None:
        if any(name.startswith("slurmd") for name in self._running):
            self.ask("scancel", "--full", "--user", str(os.getuid()))
            deadline = time.monotonic() + SECONDS_TO_START
            while self.jobs("running", "completing", "pending") and time.monotonic() < deadline:
                time.sleep(0.1)
        for process in reversed(self._running.values()):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
