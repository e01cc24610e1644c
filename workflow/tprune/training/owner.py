"""One training process per state folder.

When the process that started a training is killed, the training itself can live on as an orphan. A
second one must not write beside it: the newcomer ends the orphan and goes on from its checkpoints.
"""

import json
import logging
import socket
from pathlib import Path

import psutil

from tprune.atomic import write_json
from tprune.errors import TPruneError

logger = logging.getLogger(__name__)

_SECONDS_TO_END = 30


def take_over(folder: Path) -> None:
    """End a training that still runs in `folder`; one on another machine raises TPruneError."""
    record = folder / "owner.json"
    if not record.exists():
        return
    owner = json.loads(record.read_text(encoding="utf-8"))
    if owner["host"] != socket.gethostname():
        raise TPruneError(
            f"{record}: a training on {owner['host']} (process {owner['pid']}) holds this state; end it "
            f"there, then remove {record}"
        )
    try:
        process = psutil.Process(owner["pid"])
        if process.create_time() != owner["started"]:
            return
        logger.warning("ending process %d, an orphan of an earlier run that still trains here", process.pid)
        process.kill()
        process.wait(_SECONDS_TO_END)
    except psutil.NoSuchProcess:
        return


def record_owner(folder: Path, pid: int) -> None:
    """Say that process `pid` of this machine trains in `folder`."""
    started = psutil.Process(pid).create_time()
    write_json(folder / "owner.json", {"host": socket.gethostname(), "pid": pid, "started": started})


def release(folder: Path) -> None:
    """Say that nothing trains in `folder` any more."""
    (folder / "owner.json").unlink(missing_ok=True)
