# After a kill -9 Snakemake's lock and its marks of unfinished outputs stay behind, and the next call
# refuses to work. Here the next call goes on: the lock goes if the process that held it is gone, and
# the marks with it, since every rule writes its outputs whole or not at all.

import json
import socket
from pathlib import Path

import psutil

OWNER = Path(".snakemake/tprune_owner.json")


def process_identity(pid):
    """A process for good: its number alone may be given to another later."""
    return {
        "host": socket.gethostname(),
        "pid": pid,
        "started": psutil.Process(pid).create_time(),
    }


def owner_is_gone():
    """Whether the last run was of this machine and its process no longer exists."""
    if not OWNER.exists():
        return False
    owner = json.loads(OWNER.read_text())
    if owner["host"] != socket.gethostname():
        return False
    return (
        not psutil.pid_exists(owner["pid"]) or process_identity(owner["pid"]) != owner
    )


if owner_is_gone():
    for left in (
        *Path(".snakemake/locks").glob("*"),
        *Path(".snakemake/incomplete").glob("*"),
    ):
        left.unlink(missing_ok=True)


onstart:
    OWNER.write_text(json.dumps(process_identity(os.getpid())))
